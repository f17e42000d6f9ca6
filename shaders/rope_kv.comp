// Rotary embedding of query (in place) and key, and the write of key and value into the KV cache (f16). Pairs are (i, i
// + head_dim / 2). A thread takes two neighbouring pairs, so that it writes whole 32-bit words.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 64u;

layout(push_constant, std430) uniform Arguments {
  Floats qkv;        // [tokens, (heads + 2 kv_heads) * head_dim]
  OutWords keys;     // [context, kv_heads * head_dim] f16
  OutWords values;   // likewise
  Floats cosines;    // [context, head_dim / 2]
  Floats sines;      // likewise
  StepState state;
  uint qkv_stride;
  uint heads;
  uint kv_heads;
  uint head_dim;
  uint kv_stride;    // f16 elements a position
} a;

void main() {
  uint m = gl_WorkGroupID.y;
  uint position = a.state.position + m;
  uint quarter = a.head_dim / 4u;  // threads a head
  uint item = gl_WorkGroupID.x * THREADS + gl_LocalInvocationID.x;
  uint head = item / quarter;
  if (head >= a.heads + 2u * a.kv_heads) return;
  uint i = (item % quarter) * 2u;
  uint half_dim = a.head_dim / 2u;
  uint base = m * a.qkv_stride + head * a.head_dim;
  vec2 low = vec2(a.qkv.at[base + i], a.qkv.at[base + i + 1u]);
  vec2 high = vec2(a.qkv.at[base + half_dim + i], a.qkv.at[base + half_dim + i + 1u]);
  if (head < a.heads + a.kv_heads) {
    uint angle = position * half_dim + i;
    vec2 c = vec2(a.cosines.at[angle], a.cosines.at[angle + 1u]);
    vec2 s = vec2(a.sines.at[angle], a.sines.at[angle + 1u]);
    vec2 rotated = low * c - high * s;
    high = high * c + low * s;
    low = rotated;
  }
  if (head < a.heads) {
    a.qkv.at[base + i] = low.x;
    a.qkv.at[base + i + 1u] = low.y;
    a.qkv.at[base + half_dim + i] = high.x;
    a.qkv.at[base + half_dim + i + 1u] = high.y;
  } else {
    bool is_key = head < a.heads + a.kv_heads;
    uint kv_head = head - a.heads - (is_key ? 0u : a.kv_heads);
    uint word = (position * a.kv_stride + kv_head * a.head_dim + i) / 2u;
    if (is_key) {
      a.keys.at[word] = packHalf2x16(low);
      a.keys.at[word + half_dim / 2u] = packHalf2x16(high);
    } else {
      a.values.at[word] = packHalf2x16(low);
      a.values.at[word + half_dim / 2u] = packHalf2x16(high);
    }
  }
}
