// softmax(q k' * scale) v by online softmax, causal or full, grouped-query. One workgroup = one subgroup takes QUERIES queries of one head of keys:
// of HEADS heads and QUERIES / HEADS rows; scores go by lane = key, KEYS of them a lane, the weighted sum of values by lane = channel. Keys and values
// are f16 (cache) or f32 (tower), or of the cache 8-bit multiples of each head's greatest magnitude. With RANGES > 1 the keys are cut into so many ranges, a
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
layout(constant_id = 5) const uint HEADS = 1u;
layout(constant_id = 6) const uint KEYS = 1u;  // 1, 2 or 4
const uint BLOCK = LANES * KEYS;
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

float weight[QUERIES * KEYS];  // of the block's keys
vec4 o[QUERIES * PARTS];

// o += weights * values of part k of the block of keys, of those before `end`
void add_values(uint block, uint end, uint k, uint kv_stride, uint kv_column) {
  uint first = block + k * LANES;
  uint count = min(end - min(first, end), LANES);
  [[dont_unroll]] for (uint j = 0u; j < count; ++j) {
    uint value_row = (first + j) * kv_stride + kv_column;
    float w[QUERIES];
    [[unroll]] for (uint r = 0u; r < QUERIES; ++r) w[r] = subgroupBroadcast(weight[r * KEYS + k], j);
    [[unroll]] for (uint p = 0u; p < PARTS; ++p) {
      vec4 v = value_at(value_row + min(gl_SubgroupInvocationID + p * LANES, D4 - 1u));
      [[unroll]] for (uint r = 0u; r < QUERIES; ++r) o[r * PARTS + p] += w[r] * v;
    }
  }
}

void main() {
  uint lane = gl_SubgroupInvocationID;
  uint range = gl_WorkGroupID.y % RANGES;
  uint first = gl_WorkGroupID.y / RANGES * (QUERIES / HEADS);
  uint kv_head = gl_WorkGroupID.x * HEADS / a.heads_per_kv;
  uint kv_column = kv_head * D4;
  uint kv_stride = a.kv_stride;
  uint last_row = min(first + QUERIES / HEADS, a.tokens) - 1u;
  uint count = a.causal != 0u ? a.state.position + last_row + 1u : a.keys_count;
  uint per_range = (count + RANGES * BLOCK - 1u) / (RANGES * BLOCK) * BLOCK;
  uint end = min((range + 1u) * per_range, count);
  float scale = a.scale;

  uint q_row[QUERIES];
  float highest[QUERIES];
  float mass[QUERIES];  // of this lane's keys
  uint visible[QUERIES];
  [[unroll]] for (uint r = 0u; r < QUERIES; ++r) {
    uint m = min(first + r / HEADS, last_row);
    highest[r] = -1e30;
    mass[r] = 0.0;
    visible[r] = a.causal != 0u ? a.state.position + m + 1u : a.keys_count;
    q_row[r] = m * a.q_stride + (gl_WorkGroupID.x * HEADS + r % HEADS) * D4;
    [[unroll]] for (uint p = 0u; p < PARTS; ++p) o[r * PARTS + p] = vec4(0.0);
  }

  for (uint block = range * per_range; block < end; block += BLOCK) {
    uint key_row[KEYS];
    vec2 scales[KEYS];
    [[unroll]] for (uint k = 0u; k < KEYS; ++k) {
      uint key = min(block + k * LANES + lane, count - 1u);
      key_row[k] = key * kv_stride + kv_column;
      scales[k] = KV_FORMAT == KV_INT8 ? scales_at(key * a.kv_heads + kv_head) : vec2(1.0);
    }
    float score[QUERIES * KEYS];
    [[unroll]] for (uint i = 0u; i < QUERIES * KEYS; ++i) score[i] = 0.0;
    [[dont_unroll]] for (uint d = 0u; d < D4; ++d) {
      vec4 keys[KEYS];
      [[unroll]] for (uint k = 0u; k < KEYS; ++k) keys[k] = key_at(key_row[k] + d);
      [[unroll]] for (uint r = 0u; r < QUERIES; ++r) {
        vec4 q = query_at(q_row[r] + d);
        [[unroll]] for (uint k = 0u; k < KEYS; ++k) score[r * KEYS + k] += dot(keys[k], q);
      }
    }
    [[unroll]] for (uint r = 0u; r < QUERIES; ++r) {
      float highest_here = -1e30;
      [[unroll]] for (uint k = 0u; k < KEYS; ++k) {
        uint i = r * KEYS + k;
        score[i] = block + k * LANES + lane < visible[r] ? score[i] * (KV_FORMAT == KV_INT8 ? scale * scales[k].x : scale) : -1e30;
        highest_here = max(highest_here, score[i]);
      }
      float highest_now = max(highest[r], subgroupMax(highest_here));
      float shrink = exp(highest[r] - highest_now);
      highest[r] = highest_now;
      mass[r] *= shrink;
      [[unroll]] for (uint k = 0u; k < KEYS; ++k) {
        uint i = r * KEYS + k;
        weight[i] = block + k * LANES + lane < visible[r] ? exp(score[i] - highest_now) : 0.0;
        mass[r] += weight[i];
        if (KV_FORMAT == KV_INT8) weight[i] *= scales[k].y;
      }
      [[unroll]] for (uint p = 0u; p < PARTS; ++p) o[r * PARTS + p] *= shrink;
    }
    // Written out: Mesa unrolls no loop around a loop.
    add_values(block, end, 0u, kv_stride, kv_column);
    if (KEYS > 1u) add_values(block, end, 1u, kv_stride, kv_column);
    if (KEYS > 2u) {
      add_values(block, end, 2u, kv_stride, kv_column);
      add_values(block, end, 3u, kv_stride, kv_column);
    }
  }

  uint heads = gl_NumWorkGroups.x * HEADS;
  [[unroll]] for (uint r = 0u; r < QUERIES; ++r) {
    float total = subgroupAdd(mass[r]);
    uint m = first + r / HEADS;
    uint head = gl_WorkGroupID.x * HEADS + r % HEADS;
    if (m < a.tokens) {
      uint to = RANGES == 1u ? m * a.y_stride + head * D4 : ((m * heads + head) * RANGES + range) * (D4 + 1u);
      float factor = RANGES == 1u ? 1.0 / total : 1.0;
      [[unroll]] for (uint p = 0u; p < PARTS; ++p) {
        uint d = lane + p * LANES;
        if (d < D4) a.y.at[to + d] = o[r * PARTS + p] * factor;
      }
      if (RANGES > 1u && lane == 0u) a.y.at[to + D4] = vec4(highest[r], total, 0.0, 0.0);
    }
  }
}
