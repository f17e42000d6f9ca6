// softmax(q k' * scale) v by online softmax, causal or full, grouped-query. One workgroup = one subgroup takes one head
// and QUERIES rows; scores go by lane = key, the weighted sum of values by lane = channel. Keys and values are f16
// (cache) or f32 (tower), or of the cache 8-bit multiples of each head's greatest magnitude. With RANGES > 1 the keys are cut into so many ranges, a
// workgroup each; attention_join.comp puts their results together.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 8u;
layout(constant_id = 1) const uint HEAD_DIM = 64u;
layout(constant_id = 2) const uint QUERIES = 1u;
layout(constant_id = 3) const uint KV_FORMAT = 1u;
layout(constant_id = 4) const uint RANGES = 1u;
const uint KV_F16 = 1u;
const uint KV_INT8 = 2u;
const uint D4 = HEAD_DIM / 4u;
const uint PARTS = (D4 + LANES - 1u) / LANES;  // vec4 a lane holds of a row of the output

#ifdef TEXEL_BUFFERS
#define POINTERS uvec2 keys; uvec2 values; uvec2 q; uvec2 scales;
layout(set = 0, binding = 0) uniform textureBuffer key_texels;    // RGBA16F, RGBA32F or RGBA8_SNORM
layout(set = 0, binding = 1) uniform textureBuffer value_texels;
layout(set = 0, binding = 2) uniform textureBuffer query_texels;  // RGBA32F
layout(set = 0, binding = 3) uniform textureBuffer scale_texels;  // RG32F, of 8-bit caches
#else
layout(buffer_reference, std430, buffer_reference_align = 8) readonly buffer Halves4 { uvec2 at[]; };
#define POINTERS Vectors keys; Vectors values; Vectors q; Pairs scales;
#endif

layout(push_constant, std430) uniform Arguments {
  POINTERS           // keys, values [keys, kv_stride], q [tokens, q_stride], scales [keys, kv_heads] of key and value
  OutVectors y;      // [tokens, y_stride]; of ranges [tokens, heads, RANGES, head_dim / 4 + 1]: weighted values, then their highest score and mass
  StepState state;   // causal: row m sees keys 0 .. position + m
  uint tokens;
  uint keys_count;   // full: all of them
  uint q_stride;     // strides in vec4
  uint kv_stride;
  uint y_stride;
  uint heads_per_kv;
  uint kv_heads;
  uint causal;
  float scale;
} a;

vec4 key_at(uint i) {
#ifdef TEXEL_BUFFERS
  return texelFetch(key_texels, int(a.keys.x + i));
#else
  if (KV_FORMAT == KV_F16) {
    uvec2 words = Halves4(a.keys).at[i];
    return vec4(unpackHalf2x16(words.x), unpackHalf2x16(words.y));
  }
  if (KV_FORMAT == KV_INT8) return unpackSnorm4x8(Words(a.keys).at[i]);
  return a.keys.at[i];
#endif
}

vec4 value_at(uint i) {
#ifdef TEXEL_BUFFERS
  return texelFetch(value_texels, int(a.values.x + i));
#else
  if (KV_FORMAT == KV_F16) {
    uvec2 words = Halves4(a.values).at[i];
    return vec4(unpackHalf2x16(words.x), unpackHalf2x16(words.y));
  }
  if (KV_FORMAT == KV_INT8) return unpackSnorm4x8(Words(a.values).at[i]);
  return a.values.at[i];
#endif
}

// What a key's and a value's 8-bit codes are multiples of.
vec2 scales_at(uint i) {
#ifdef TEXEL_BUFFERS
  return texelFetch(scale_texels, int(a.scales.x + i)).xy;
#else
  return a.scales.at[i];
#endif
}

// The same for every lane: a scalar load on devices that have them.
vec4 query_at(uint i) {
#ifdef TEXEL_BUFFERS
  return texelFetch(query_texels, int(a.q.x + i));
#else
  return a.q.at[i];
#endif
}

void main() {
  uint lane = gl_SubgroupInvocationID;
  uint head = gl_WorkGroupID.x;
  uint range = gl_WorkGroupID.y % RANGES;
  uint first = gl_WorkGroupID.y / RANGES * QUERIES;
  uint kv_head = head / a.heads_per_kv;
  uint kv_column = kv_head * D4;
  uint last_row = min(first + QUERIES, a.tokens) - 1u;
  uint count = a.causal != 0u ? a.state.position + last_row + 1u : a.keys_count;
  uint per_range = (count + RANGES * LANES - 1u) / (RANGES * LANES) * LANES;
  uint end = min((range + 1u) * per_range, count);

  uint q_row[QUERIES];
  vec4 o[QUERIES * PARTS];
  float highest[QUERIES];
  float mass[QUERIES];  // of this lane's keys
  uint visible[QUERIES];
  [[unroll]] for (uint r = 0u; r < QUERIES; ++r) {
    uint m = min(first + r, last_row);
    highest[r] = -1e30;
    mass[r] = 0.0;
    visible[r] = a.causal != 0u ? a.state.position + m + 1u : a.keys_count;
    q_row[r] = m * a.q_stride + head * D4;
    [[unroll]] for (uint p = 0u; p < PARTS; ++p) o[r * PARTS + p] = vec4(0.0);
  }

  for (uint block = range * per_range; block < end; block += LANES) {
    uint key = block + lane;
    uint key_row = min(key, count - 1u) * a.kv_stride + kv_column;
    vec2 scales = vec2(1.0);
    if (KV_FORMAT == KV_INT8) scales = scales_at(min(key, count - 1u) * a.kv_heads + kv_head);
    float score[QUERIES];
    [[unroll]] for (uint r = 0u; r < QUERIES; ++r) score[r] = 0.0;
    [[dont_unroll]] for (uint d = 0u; d < D4; ++d) {
      vec4 k = key_at(key_row + d);
      [[unroll]] for (uint r = 0u; r < QUERIES; ++r) score[r] += dot(k, query_at(q_row[r] + d));
    }
    float weight[QUERIES];
    [[unroll]] for (uint r = 0u; r < QUERIES; ++r) {
      score[r] = key < visible[r] ? score[r] * (KV_FORMAT == KV_INT8 ? a.scale * scales.x : a.scale) : -1e30;
      float highest_now = max(highest[r], subgroupMax(score[r]));
      float shrink = exp(highest[r] - highest_now);
      highest[r] = highest_now;
      weight[r] = key < visible[r] ? exp(score[r] - highest_now) : 0.0;
      mass[r] = mass[r] * shrink + weight[r];
      if (KV_FORMAT == KV_INT8) weight[r] *= scales.y;
      [[unroll]] for (uint p = 0u; p < PARTS; ++p) o[r * PARTS + p] *= shrink;
    }
    [[dont_unroll]] for (uint j = 0u; j < LANES; ++j) {
      uint value_row = min(block + j, count - 1u) * a.kv_stride + kv_column;
      [[unroll]] for (uint p = 0u; p < PARTS; ++p) {
        vec4 v = value_at(value_row + min(lane + p * LANES, D4 - 1u));
        [[unroll]] for (uint r = 0u; r < QUERIES; ++r) o[r * PARTS + p] += subgroupBroadcast(weight[r], j) * v;
      }
    }
  }

  [[unroll]] for (uint r = 0u; r < QUERIES; ++r) {
    float total = subgroupAdd(mass[r]);
    if (first + r < a.tokens) {
      uint to = RANGES == 1u ? (first + r) * a.y_stride + head * D4 : (((first + r) * gl_NumWorkGroups.x + head) * RANGES + range) * (D4 + 1u);
      float factor = RANGES == 1u ? 1.0 / total : 1.0;
      [[unroll]] for (uint p = 0u; p < PARTS; ++p) {
        uint d = lane + p * LANES;
        if (d < D4) a.y.at[to + d] = o[r * PARTS + p] * factor;
      }
      if (RANGES > 1u && lane == 0u) a.y.at[to + D4] = vec4(highest[r], total, 0.0, 0.0);
    }
  }
}
