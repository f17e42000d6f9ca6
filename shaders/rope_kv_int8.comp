// As rope_kv.comp, with a cache of 8 bits: of each key's and value's head the greatest magnitude, and 4 channels a word as multiples of it.
// One workgroup = one subgroup takes one head of one row.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 8u;

layout(push_constant, std430) uniform Arguments {
  Floats qkv;       // [tokens, (heads + 2 kv_heads) * head_dim]
  OutWords keys;    // [context, kv_heads * head_dim] int8
  OutWords values;  // likewise
  Floats scales;    // [context, kv_heads, 2]: greatest magnitude of a key's head, of a value's head
  Floats cosines;   // [context, head_dim / 2]
  Floats sines;     // likewise
  StepState state;
  uint qkv_stride;
  uint heads;
  uint kv_heads;
  uint head_dim;
  uint kv_stride;   // elements a position
} a;

// Channel c of the head that begins at `base`, rotated where it is a key's.
float channel(uint base, uint c, uint angle, bool is_key) {
  float x = a.qkv.at[base + c];
  if (!is_key) return x;
  uint half_dim = a.head_dim / 2u;
  bool low = c < half_dim;
  uint pair = low ? c : c - half_dim;
  float other = a.qkv.at[low ? base + c + half_dim : base + pair];
  float turned = a.sines.at[angle + pair] * other;
  return a.cosines.at[angle + pair] * x + (low ? -turned : turned);
}

vec4 word_of(uint base, uint word, uint angle, bool is_key) {
  uint c = word * 4u;
  return vec4(channel(base, c, angle, is_key), channel(base, c + 1u, angle, is_key), channel(base, c + 2u, angle, is_key),
              channel(base, c + 3u, angle, is_key));
}

void main() {
  uint lane = gl_LocalInvocationID.x;
  uint head = gl_WorkGroupID.x;
  uint m = gl_WorkGroupID.y;
  uint position = a.state.position + m;
  uint half_dim = a.head_dim / 2u;
  uint base = m * a.qkv_stride + head * a.head_dim;
  uint angle = position * half_dim;
  if (head < a.heads) {
    for (uint i = lane; i < half_dim; i += LANES) {
      float low = a.qkv.at[base + i];
      float high = a.qkv.at[base + half_dim + i];
      float c = a.cosines.at[angle + i];
      float s = a.sines.at[angle + i];
      a.qkv.at[base + i] = low * c - high * s;
      a.qkv.at[base + half_dim + i] = high * c + low * s;
    }
    return;
  }
  bool is_key = head < a.heads + a.kv_heads;
  uint kv_head = head - a.heads - (is_key ? 0u : a.kv_heads);
  uint words = a.head_dim / 4u;
  float greatest = 0.0;
  for (uint w = lane; w < words; w += LANES) {
    vec4 v = abs(word_of(base, w, angle, is_key));
    greatest = max(greatest, max(max(v.x, v.y), max(v.z, v.w)));
  }
  greatest = subgroupMax(greatest);
  float inverse = greatest > 0.0 ? 1.0 / greatest : 0.0;
  uint first = (position * a.kv_stride + kv_head * a.head_dim) / 4u;
  for (uint w = lane; w < words; w += LANES) {
    uint code = packSnorm4x8(word_of(base, w, angle, is_key) * inverse);
    if (is_key)
      a.keys.at[first + w] = code;
    else
      a.values.at[first + w] = code;
  }
  if (lane == 0u) a.scales.at[(position * a.kv_heads + kv_head) * 2u + (is_key ? 0u : 1u)] = greatest;
}
