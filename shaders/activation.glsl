// Activation functions; kinds 1..5 are core/model/vlm_config.h Activation + 1.

// erf by Abramowitz and Stegun 7.1.26, |error| <= 1.5e-7.
float erf_approximate(float x) {
  float a = abs(x);
  float t = 1.0 / (1.0 + 0.3275911 * a);
  float poly = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  float value = 1.0 - poly * exp(-a * a);
  return x < 0.0 ? -value : value;
}

float sigmoid(float x) { return 1.0 / (1.0 + exp(-x)); }

float activate(uint kind, float x) {
  if (kind == 1u) return 0.5 * x * (1.0 + erf_approximate(x * 0.70710678118654752));  // GELU
  if (kind == 2u) return x * sigmoid(1.702 * x);  // quick GELU
  if (kind == 3u) return x * sigmoid(1.5957691216057308 * (x + 0.044715 * x * x * x));  // GELU, tanh form
  if (kind == 4u) return x * sigmoid(x);  // SiLU
  if (kind == 5u) return max(x, 0.0);  // ReLU
  return x;
}
