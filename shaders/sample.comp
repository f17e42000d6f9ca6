// Chooses the next token as core/inference/sampling.h does, in one workgroup: repetition penalty, temperature, top-k,
// top-p, then the inverse of the cumulative distribution in descending order. Nothing is sorted: a place in the
// descending order is found by bisection over the logits' bits, then over the ids among equals.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 64u;

layout(push_constant, std430) uniform Arguments {
  Floats logits;    // [vocabulary]
  Floats work;      // [vocabulary]
  Words request;    // gpu/step_state.h
  OutWords result;  // [0]: token, [1]: 1 if a logit is not finite
  uint vocabulary;
} a;

const uint HEADER = 8u;

float temperature;
shared float partial[THREADS];
shared uint partial_bits[THREADS];

float total(float value) {
  value = subgroupAdd(value);
  if (subgroupElect()) partial[gl_SubgroupID] = value;
  barrier();
  float sum = 0.0;
  for (uint i = 0u; i < gl_NumSubgroups; ++i) sum += partial[i];
  barrier();
  return sum;
}

uint largest(uint value) {
  value = subgroupMax(value);
  if (subgroupElect()) partial_bits[gl_SubgroupID] = value;
  barrier();
  uint best = 0u;
  for (uint i = 0u; i < gl_NumSubgroups; ++i) best = max(best, partial_bits[i]);
  barrier();
  return best;
}

// Order-preserving map of floats to unsigned integers.
uint order_of(float x) {
  uint bits = floatBitsToUint(x == 0.0 ? 0.0 : x);  // -0 equals 0
  return (bits & 0x80000000u) != 0u ? ~bits : bits | 0x80000000u;
}

// A token's place in the descending order: its logit first, the lower id among equals.
struct Place {
  uint order;
  uint id;
};

bool before_or_at(float logit, uint id, Place place) {
  uint order = order_of(logit);
  return order > place.order || (order == place.order && id <= place.id);
}

// Of the tokens at or before `place`: how many, or their mass relative to `highest`.
float measure(Place place, bool by_count, float highest) {
  float sum = 0.0;
  for (uint i = gl_LocalInvocationID.x; i < a.vocabulary; i += THREADS) {
    float logit = a.work.at[i];
    if (before_or_at(logit, i, place)) sum += by_count ? 1.0 : exp((logit - highest) / temperature);
  }
  return total(sum);
}

// The first place whose measure reaches `target` (exceeds it if `strictly`), not after `limit`.
Place find(float target, bool strictly, bool by_count, float highest, Place limit) {
  uint low = limit.order;  // the largest order whose whole class reaches the target; the limit's if none does
  uint high = 0xffffffffu;
  while (low < high) {
    uint middle = low + (high - low) / 2u + 1u;
    float m = measure(Place(middle, a.vocabulary), by_count, highest);
    if (strictly ? m > target : m >= target) low = middle; else high = middle - 1u;
  }
  uint first = 0u;
  uint last = low == limit.order ? limit.id : a.vocabulary - 1u;
  while (first < last) {
    uint middle = first + (last - first) / 2u;
    float m = measure(Place(low, middle), by_count, highest);
    if (strictly ? m > target : m >= target) last = middle; else first = middle + 1u;
  }
  return Place(low, first);
}

void main() {
  uint id = gl_LocalInvocationID.x;
  temperature = uintBitsToFloat(a.request.at[0]);
  uint top_k = a.request.at[1];
  float top_p = uintBitsToFloat(a.request.at[2]);
  float penalty = uintBitsToFloat(a.request.at[3]);
  float uniform_number = uintBitsToFloat(a.request.at[4]);
  uint recent = a.request.at[5];

  uint bad = 0u;
  for (uint i = id; i < a.vocabulary; i += THREADS) {
    float logit = a.logits.at[i];
    if (isnan(logit) || isinf(logit)) bad = 1u;
    a.work.at[i] = logit;
  }
  bad = largest(bad);
  memoryBarrierBuffer();
  barrier();
  for (uint i = id; i < recent; i += THREADS) {  // distinct ids
    uint token = a.request.at[HEADER + i];
    float logit = a.work.at[token];
    a.work.at[token] = logit > 0.0 ? logit / penalty : logit * penalty;
  }
  memoryBarrierBuffer();
  barrier();

  uint best = 0u;
  for (uint i = id; i < a.vocabulary; i += THREADS) best = max(best, order_of(a.work.at[i]));
  best = largest(best);
  uint best_id = 0u;  // the lowest among equals: the largest of the complements
  for (uint i = id; i < a.vocabulary; i += THREADS)
    if (order_of(a.work.at[i]) == best) best_id = max(best_id, ~i);
  best_id = ~largest(best_id);
  float highest = a.work.at[best_id];

  uint token = best_id;
  if (temperature > 0.0 && bad == 0u) {
    Place limit = Place(0u, a.vocabulary - 1u);
    if (top_k > 0u && top_k < a.vocabulary) limit = find(float(top_k), false, true, highest, limit);
    if (top_p < 1.0) limit = find(top_p * measure(limit, false, highest), false, false, highest, limit);
    float mass = measure(limit, false, highest);
    token = find(uniform_number * mass, true, false, highest, limit).id;
  }
  if (id == 0u) {
    a.result.at[0] = token;
    a.result.at[1] = bad;
  }
}
