// Loading, and the product.
#include "core/lab/reference/site_transform.h"

#include "core/base/error.h"
#include "core/lab/reference/kronecker.h"
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
  return times_kronecker(x.to(torch::kFloat32), transform.left, transform.right).to(x.scalar_type());
}

}  // namespace qvlm::reference
