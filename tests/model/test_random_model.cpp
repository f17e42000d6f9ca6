// Known shapes are the published ones; models of random weights have every tensor of their shape, the same each time.
#include <QTest>
#include <cmath>
#include <cstring>

#include "core/base/error.h"
#include "core/model/named_shapes.h"
#include "core/model/random_model.h"

using namespace qvlm;

class TestRandomModel : public QObject {
  Q_OBJECT
 private slots:
  // Parameters as their authors count them: Vicuna 7B with CLIP up to its 23rd layer, 7.06 thousand million, and so on.
  void shapes_have_the_published_sizes() {
    const auto billions = [](const char* name) { return static_cast<double>(shape_named(name).parameters()) / 1e9; };
    QVERIFY(std::abs(billions("llava-7b") - 7.05) < 0.03);
    QVERIFY(std::abs(billions("llava-13b") - 13.34) < 0.03);
    QVERIFY(std::abs(billions("qwen2.5-vl-3b") - 3.09) < 0.02);
    QVERIFY(std::abs(billions("tinyllama-1.1b") - 1.10) < 0.01);
    QVERIFY(std::abs(billions("demo") - 0.0106) < 0.0005);
    QVERIFY(shape_named("llava-7b").vision && !shape_named("smolvlm-256m").vision);
    QCOMPARE(shape_names().front(), std::string("llava-7b"));
    try {
      shape_named("llava-70b");
      QFAIL("no error");
    } catch (const Error& error) {
      QVERIFY(std::string(error.what()).find("expected one of llava-7b, llava-13b") != std::string::npos);
    }
  }

  void every_tensor_is_there() {
    const auto model = make_random_model(shape_named("demo"), {.bits = 4, .group = 32});
    for (const ExpectedTensor& tensor : expected_tensors(model->config())) {
      if (tensor.optional) continue;
      QVERIFY2(model->has(tensor.name), tensor.name.c_str());
      const auto values = load_float(*model, tensor.name);
      QCOMPARE(static_cast<int64_t>(values.size()), element_count(tensor.shape, tensor.name));
      QVERIFY2(values == load_float(*model, tensor.name), tensor.name.c_str());
      if (tensor.shape.size() < 2) continue;
      double squares = 0;
      for (const float value : values) squares += double(value) * value;
      const double inputs = static_cast<double>(values.size()) / static_cast<double>(tensor.shape[0]);
      const double deviation = std::sqrt(squares / static_cast<double>(values.size()) * inputs);
      QVERIFY2(std::abs(deviation - 0.7) < 0.05, qPrintable(QString("%1: %2").arg(tensor.name.c_str()).arg(deviation)));
    }
    const Weight linear = model->load("decoder.3.mlp.up.weight"), head = model->load("decoder.head.weight");
    const auto* matrix = std::get_if<QuantizedMatrix>(&linear);
    QVERIFY(matrix != nullptr && std::holds_alternative<TensorView>(head));
    validate(*matrix, "up");
    QCOMPARE(matrix->group, int64_t(32));
    QVERIFY(load_float(*model, "decoder.3.mlp.up.weight") != load_float(*model, "decoder.4.mlp.up.weight"));
    QVERIFY_THROWS_EXCEPTION(Error, model->load("decoder.12.mlp.up.weight"));
  }

  void grids_that_do_not_exist_are_refused() {
    QVERIFY_THROWS_EXCEPTION(Error, make_random_model(shape_named("demo"), {.bits = 9}));
    QVERIFY_THROWS_EXCEPTION(Error, make_random_model(shape_named("demo"), {.bits = 4, .group = 0}));
    const auto odd = make_random_model(shape_named("smolvlm-256m"), {.bits = 3, .group = 128});  // does not divide 576
    QCOMPARE(std::get<QuantizedMatrix>(odd->load("decoder.0.attention.query.weight")).group, int64_t(576));
    const auto plain = make_random_model(shape_named("demo"), {.bits = 16});
    QVERIFY(std::holds_alternative<TensorView>(plain->load("decoder.0.mlp.up.weight")));
  }
};

QTEST_GUILESS_MAIN(TestRandomModel)
#include "test_random_model.moc"
