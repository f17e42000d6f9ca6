// LayerNorm (with bias) and RMSNorm of rows, one workgroup a row; y may be x.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 64u;

layout(push_constant, std430) uniform Arguments {
  Floats x;       // [tokens, width]
  Floats y;       // [tokens, width]
  Floats weight;  // [width]
  Floats bias;    // [width], LayerNorm only
  uint width;
  uint x_stride;
  uint y_stride;
  uint layer_norm;  // 1: LayerNorm, 0: RMSNorm
  float epsilon;
} a;

shared float partial[THREADS];

float total(float value) {
  uint id = gl_LocalInvocationID.x;
  value = subgroupAdd(value);
  if (subgroupElect()) partial[gl_SubgroupID] = value;
  barrier();
  float sum = 0.0;
  for (uint i = 0u; i < gl_NumSubgroups; ++i) sum += partial[i];
  barrier();
  return sum;
}

void main() {
  uint id = gl_LocalInvocationID.x;
  uint in_row = gl_WorkGroupID.x * a.x_stride;
  uint out_row = gl_WorkGroupID.x * a.y_stride;
  float mean = 0.0;
  if (a.layer_norm != 0u) {
    float sum = 0.0;
    for (uint i = id; i < a.width; i += THREADS) sum += a.x.at[in_row + i];
    mean = total(sum) / float(a.width);
  }
  float squares = 0.0;
  for (uint i = id; i < a.width; i += THREADS) {
    float d = a.x.at[in_row + i] - mean;
    squares += d * d;
  }
  float factor = inversesqrt(total(squares) / float(a.width) + a.epsilon);
  for (uint i = id; i < a.width; i += THREADS) {
    float value = (a.x.at[in_row + i] - mean) * factor * a.weight.at[i];
    if (a.layer_norm != 0u) value += a.bias.at[i];
    a.y.at[out_row + i] = value;
  }
}
