// Two small products along the two axes of a row.
#include "core/lab/reference/site_transform.h"

#include "core/base/error.h"
#include "core/lab/reference/tensors.h"
#include "core/model/kronecker.h"

namespace qvlm::reference {

SiteTransform SiteTransform::load(const Model& model, int layer, SiteKind kind) {
  const auto half = [&](const char* which) {
    const std::string name = "decoder." + std::to_string(layer) + "." + transform_part(kind, which);
    auto tensor = load_tensor(model, name, torch::kFloat32);
    if (!torch::isfinite(tensor).all().item<bool>())
      throw Error::in(model.path().string() + ": tensor " + name, "values", "finite numbers", "NaN or infinity");
    return tensor;
  };
  return {half("left"), half("right")};
}

torch::Tensor apply_transform(const torch::Tensor& x, const SiteTransform& transform) {
  if (!transform.active()) return x;
  const int64_t m = transform.left.size(0), n = transform.right.size(0);
  if (x.size(-1) != m * n) {
    throw Error::in("site transform", "width", std::to_string(m * n), std::to_string(x.size(-1)));
  }
  const auto wide = x.to(torch::kFloat32);
  const auto behind = torch::mm(wide.reshape({-1, n}), transform.right).view({-1, m, n});  // [rows, m, n]
  // left^T from the left on every row's [m, n].
  const auto y = torch::matmul(transform.left.t().expand({behind.size(0), m, m}), behind);
  return y.reshape(x.sizes()).to(x.scalar_type());
}

}  // namespace qvlm::reference
