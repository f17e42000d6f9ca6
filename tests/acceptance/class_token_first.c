// Preloaded into llama.cpp: with CLASS_TOKEN_FIRST in the environment, a tower's class token stands before its patches, as in CLIP. llama.cpp's graph
// of LLaVA puts it behind them since May 2025, while its positions and its choice of rows go by the old order (its issue 25814, pull request
// 25844, whose one line this is). GGML_BASE names the library that has the function.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct ggml_context;
struct ggml_tensor;
typedef struct ggml_tensor* Concat(struct ggml_context*, struct ggml_tensor*, struct ggml_tensor*, int);
typedef int64_t Rows(const struct ggml_tensor*);

static void* function(const char* name) {
  const char* path = getenv("GGML_BASE");
  void* library = path ? dlopen(path, RTLD_NOW | RTLD_NOLOAD) : NULL;
  void* found = library ? dlsym(library, name) : NULL;
  if (!found) {
    fprintf(stderr, "class_token_first: %s is not in GGML_BASE (%s)\n", name, path ? path : "not set");
    abort();
  }
  return found;
}

struct ggml_tensor* ggml_concat(struct ggml_context* context, struct ggml_tensor* a, struct ggml_tensor* b, int dimension) {
  Concat* concat = (Concat*)function("ggml_concat");
  Rows* rows = (Rows*)function("ggml_nrows");
  if (getenv("CLASS_TOKEN_FIRST") && dimension == 1 && rows(b) == 1 && rows(a) > 1) return concat(context, b, a, dimension);
  return concat(context, a, b, dimension);
}
