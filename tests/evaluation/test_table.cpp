// Tables: what a specification may say, what stands in which layout, and the page.
#include <QXmlStreamReader>
#include <QtTest>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/evaluation/accuracy.h"
#include "core/evaluation/table.h"
#include "core/evaluation/table_spec.h"
#include "tests/data/set_folder.h"

using namespace qvlm;

namespace {

constexpr const char* kSpec = R"({"title": "T", "model": "m", "calibration": "../c", "questions": "q",
  "base": {"weight_group": 128, "samples": 8},
  "rows": [{"name": "RTN W4", "recipe": {"search": "none"}},
           {"name": "AWQ W3", "method": "AWQ", "recipe": {"weight_method": "awq", "weight_bits": 3, "weight_group": 0}}]})";

std::string with(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  if (at == text.npos) throw std::logic_error("no " + from);
  return text.replace(at, from.size(), to);
}

TableRow row(const std::string& name, const std::string& method, const Recipe& recipe, int right, double kl) {
  TableRow row;
  row.name = name;
  row.method = method;
  describe_recipe(recipe, row);
  EvaluationFinished result;
  result.overall = {right, 10};
  fill_wilson_interval(result.overall);
  result.categories["IMG"] = {right / 2, 5, 0, 1, {}};
  result.categories["NAT"] = {right - right / 2, 5, 0.25, 0.75, {}};
  result.categories["zebra <b>"] = {1, 5, 0, 1, {}};
  result.likelihood["all"] = {30, 0.5};
  result.divergence = {{"all", {30, kl, 0.9}}, {"image", {20, kl / 2, 0.95}}, {"text", {10, kl * 2, 0.8}}};
  result.against = "float";
  result.mean_kl = kl;
  result.mcnemar = McNemar{1, 3, 0.625};
  result.info.backend = "vulkan";
  result.info.device = "GPU";
  result.info.total_bytes = 20 << 20;
  row.evaluation = result;
  row.run = RunFigures{1e-3, 1.5e-3, 1.2e-3, 2e-3, 4000, 12.5, 300 << 20, 6 << 20, 5.0};
  return row;
}

Table sample_table() {
  Table table{"Demo & more", "m", "c", "q", false, {}};
  TableRow own = row("float", "float", {}, 9, 0);
  own.bits = "float";
  own.weights = "16 bit";
  own.activations = "not quantized";
  own.run.reset();
  own.evaluation->divergence.clear();
  own.evaluation->mcnemar.reset();
  table.rows.push_back(own);
  table.rows.push_back(row("RTN W4A16", "RTN", {.weight_group = 128}, 8, 1e-3));
  table.rows.push_back(row("RTN W4A4", "RTN", {.activation_bits = 4}, 5, 0.3));
  table.rows.push_back(row("Q-VLM W4A4", "Q-VLM", {.activation_bits = 4}, 7, 0.1));
  TableRow broken;
  broken.name = broken.method = "NF4";
  describe_recipe({.weight_group = 64}, broken);
  broken.failure = "the disk is <full>";
  table.rows.push_back(broken);
  return table;
}

/// The cell of the row that begins with `name`.
std::string cell(const Grid& grid, const std::string& name, const std::string& column) {
  size_t at = 0;
  while (at < grid.columns.size() && grid.heading(at) != column) ++at;
  if (at == grid.columns.size()) return "no column";
  for (const auto& cells : grid.rows) {
    if (cells.size() == grid.columns.size() && cells.front() == name) return cells[at];
  }
  return "no row";
}

}  // namespace

class TestTable : public QObject {
  Q_OBJECT
 private slots:
  void a_specification_is_read() {
    SetFolder folder;
    const TableSpec spec = read_table_spec(folder.write("spec/t.json", kSpec));
    QCOMPARE(spec.model, folder.path("spec/m"));
    QCOMPARE(spec.calibration, folder.path("c"));
    QCOMPARE(spec.rows.size(), size_t{2});
    QCOMPARE(spec.rows[0].file, std::string("rtn-w4"));
    QCOMPARE(spec.rows[0].method, std::string("RTN W4"));
    QCOMPARE(spec.rows[0].recipe.weight_group, 128);  // of the base
    QCOMPARE(spec.rows[1].recipe.weight_group, 0);    // its own
    QCOMPARE(spec.rows[1].recipe.weight_bits, 3);
    QCOMPARE(spec.rows[1].recipe.samples, 8);
    QCOMPARE(spec.max_tokens, 32);
  }

  void what_is_wrong_with_a_specification_is_named() {
    SetFolder folder;
    const auto fault = [&](const std::string& text) {
      return message_of([&] { read_table_spec(folder.write("t.json", text)); });
    };
    const auto says = [&](const std::string& text, const char* part) {
      const std::string message = fault(text);
      const bool found = message.find(part) != message.npos && message.find("t.json") != message.npos;
      if (!found) qWarning("%s", message.c_str());
      return found;
    };
    QVERIFY(says(with(kSpec, "\"title\"", "\"titel\""), "titel"));
    QVERIFY(says(with(kSpec, "\"method\"", "\"methods\""), "methods"));
    QVERIFY(says(with(kSpec, "\"search\": \"none\"", "\"serach\": \"none\""), "rows[0] \"RTN W4\": recipe: unknown key \"serach\""));
    QVERIFY(says(with(kSpec, "\"samples\": 8", "\"sample\": 8"), "unknown key \"sample\""));
    QVERIFY(says(with(kSpec, "\"weight_bits\": 3", "\"weight_bits\": 9"), "rows[1] \"AWQ W3\": recipe: weight_bits: expected 2 to 8, found 9"));
    QVERIFY(says(with(kSpec, "AWQ W3", "rtn-w4"), "rows[1].name: expected a name of its own"));
    QVERIFY(says(with(kSpec, "AWQ W3", "Float"), "rows[1].name"));
    QVERIFY(says(with(kSpec, "AWQ W3", "../.."), "name: expected letters or digits"));
    QVERIFY(says(with(kSpec, "\"questions\": \"q\",", ""), "questions"));
    QVERIFY(says(R"({"model": "m", "calibration": "c", "questions": "q", "rows": []})", "at least one row"));
    QVERIFY(says(R"({"model": "m", "calibration": "c", "questions": "q", "batch": 0, "rows": [{"name": "a"}]})", "batch: expected at least 1"));
    QVERIFY(says("[]", "an object"));
  }

  void a_run_report_is_read() {
    SetFolder folder;
    const std::string text = R"({"blocks": [{"joint_error": 0.5}, {"joint_error": 0.25}], "layer_output_error": 0.125, "mean_layer_error": 0.0625, "mean_token_error": 0.03125,
      "site_forwards": 7, "seconds": 1.5, "peak_bytes": 9, "stored_bytes": 8, "stored_bits": 4.5, "another": 1})";
    const RunFigures figures = read_run_figures(folder.write("report.json", text));
    QCOMPARE(figures.block_error, 0.375);
    QCOMPARE(figures.layer_error, 0.0625);
    QCOMPARE(figures.token_error, 0.03125);
    QCOMPARE(figures.site_forwards, 7);
    const auto cut = folder.write("cut.json", with(text, "\"seconds\": 1.5, ", ""));
    QVERIFY(message_of([&] { read_run_figures(cut); }).find("cut.json: seconds") != std::string::npos);
  }

  void recipes_name_their_groups() {
    TableRow one;
    describe_recipe({.weight_bits = 3, .weight_group = 0, .activation_bits = 4, .activation_mode = ActivationMode::DYNAMIC_GROUP, .activation_group = 64}, one);
    QCOMPARE(one.bits, std::string("W3A4"));
    QCOMPARE(one.weights, std::string("3 bit, row"));
    QCOMPARE(one.activations, std::string("4 bit, dynamic-group 64"));
    describe_recipe({}, one);
    QCOMPARE(one.activations, std::string("16 bit"));
    describe_recipe({.vision_bits = 8, .vision_activation_bits = 8}, one);
    QCOMPARE(one.bits, std::string("W4A16 V8A8"));
    QCOMPARE(one.weights, std::string("4 bit, group 32; tower 8 bit, row"));
    QCOMPARE(one.activations, std::string("16 bit; tower 8 bit, dynamic-token"));
  }

  void every_row_of_every_layout_names_its_groups() {
    for (const char* name : {"rows", "table1", "table2", "table4", "table5"}) {
      const TableLayout layout = table_layout_from(name);
      QCOMPARE(name_of(layout), std::string_view(name));
      const QString text = QString::fromStdString(to_text(sample_table(), layout));
      for (const char* part : {"4 bit, group 128", "4 bit, group 32", "4 bit, dynamic-token"}) QVERIFY2(text.contains(part), qPrintable(text));
    }
    QVERIFY_EXCEPTION_THROWN(table_layout_from("table3"), Error);
    const auto grids = make_grids(sample_table(), TableLayout::ROWS);
    QCOMPARE(grids.size(), size_t{5});
    for (const Grid& grid : grids) {
      QVERIFY(grid.columns[1] == "weights" && grid.columns[2] == "activations");
      QCOMPARE(grid.rows.size(), size_t{5});
      QVERIFY(grid.rows[4].size() == 1 && grid.rows[4][0].find("group 64") != std::string::npos);
      QVERIFY(grid.rows[4][0].find("failed: the disk is <full>") != std::string::npos);
    }
    QCOMPARE(cell(grids[0], "RTN W4A4", "all"), std::string("50.00"));
    QCOMPARE(cell(grids[0], "RTN W4A4", "McNemar p"), std::string("0.62 (+1 -3)"));
    QCOMPARE(cell(grids[0], "float", "McNemar p"), std::string("-"));
    QCOMPARE(cell(grids[0], "float", "95 % interval"), std::string("59.6 to 98.2"));
    QCOMPARE(cell(grids[1], "RTN W4A4", "NAT"), std::string("25.0 to 75.0"));
    QCOMPARE(cell(grids[2], "RTN W4A4", "KL, text"), std::string("6.000e-01"));
    QCOMPARE(cell(grids[2], "RTN W4A4", "top-1 %, image"), std::string("95.0"));
    QCOMPARE(cell(grids[3], "RTN W4A16", "site forwards"), std::string("4000"));
    QCOMPARE(cell(grids[3], "RTN W4A16", "peak MiB"), std::string("300.0"));
    QCOMPARE(cell(grids[4], "float", "ran on"), std::string("GPU"));
    QCOMPARE(cell(grids[4], "float", "memory MiB"), std::string("20.0"));
  }

  void layouts_of_the_paper() {
    const Grid second = make_grids(sample_table(), TableLayout::TABLE_2).at(0);
    QCOMPARE(second.columns, (std::vector<std::string>{"bits", "weights", "activations", "method", "NAT", "IMG", "zebra <b>", "Avg"}));
    QCOMPARE(second.rows[0][0], std::string("float"));
    QCOMPARE(second.rows[4].back(), std::string("70.00"));
    // A method a row, its figures at each setting side by side.
    const Grid fifth = make_grids(sample_table(), TableLayout::TABLE_5).at(0);
    const std::string setting = "W4A4 (weights 4 bit, group 32; activations 4 bit, dynamic-token) ";
    QCOMPARE(cell(fifth, "RTN", setting + "accuracy %"), std::string("50.00"));
    QCOMPARE(cell(fifth, "Q-VLM", setting + "accuracy %"), std::string("70.00"));
    QCOMPARE(cell(fifth, "Q-VLM", setting + "search cost"), std::string("4000"));
    QCOMPARE(cell(fifth, "RTN", "W4A16 (weights 4 bit, group 128; activations 16 bit) accuracy %"), std::string("80.00"));
    QCOMPARE(cell(fifth, "NF4", "W4A16 (weights 4 bit, group 64; activations 16 bit) accuracy %"), std::string("failed"));
    QVERIFY(make_grids(sample_table(), TableLayout::TABLE_1).at(0).columns.size() > fifth.columns.size());
    QCOMPARE(fifth.settings.size(), fifth.columns.size());
    QVERIFY(second.settings.empty());
    // Table 4's times are of what ran: only the reference computes in 32 bits.
    Table slow = sample_table();
    QVERIFY(make_grids(slow, TableLayout::TABLE_4).at(0).caption.find("what ran it") != std::string::npos);
    for (TableRow& one : slow.rows) {
      if (one.evaluation) one.evaluation->info.backend = "reference";
    }
    QVERIFY(make_grids(slow, TableLayout::TABLE_4).at(0).caption.find("32 bits") != std::string::npos);
    // Two rows of one method at one setting are two lines.
    Table twice = sample_table();
    twice.rows.push_back(twice.rows[2]);
    QCOMPARE(make_grids(twice, TableLayout::TABLE_5).at(0).rows.size(), fifth.rows.size() + 1);
  }

  void a_sheet_has_a_cell_a_tab() {
    Table table = sample_table();
    table.rows[1].name = "a\tname\nof lines";
    const QStringList lines = QString::fromStdString(to_tsv(table, TableLayout::ROWS)).split('\n');
    QVERIFY(lines[0].startsWith("Right answers"));
    QCOMPARE(lines[1].split('\t').size(), 9);
    QCOMPARE(lines[1].split('\t').mid(0, 4), QStringList({"row", "weights", "activations", "all"}));
    QCOMPARE(lines[3].split('\t').mid(0, 4), QStringList({"a name of lines", "4 bit, group 128", "16 bit", "80.00"}));
    QCOMPARE(lines[3].split('\t').size(), 9);
    QCOMPARE(lines[7], QString());  // between grids
    QVERIFY(QString::fromStdString(to_tsv(table, TableLayout::TABLE_5)).contains("\tW4A4 (weights 4 bit, group 32; activations 4 bit, dynamic-token) search cost"));
  }

  void a_table_comes_back_as_it_went() {
    SetFolder folder;
    for (const bool text : {false, true}) {
      Table table = sample_table();
      if (text) table.questions = "a.txt";
      const std::string written = to_json(table);
      const auto file = folder.write("made/table.json", written);
      for (const auto& path : {file, folder.path("made")}) {
        const Table read = read_table(path);
        QCOMPARE(read.is_text, text);
        QCOMPARE(to_json(read), written);
        table.is_text = text;
        for (const char* layout : {"rows", "table1", "table2", "table4", "table5"})
          QCOMPARE(to_text(read, table_layout_from(layout)), to_text(table, table_layout_from(layout)));
      }
    }
  }

  void what_is_wrong_with_a_table_is_named() {
    SetFolder folder;
    const std::string good = to_json(sample_table());
    const auto says = [&](const std::string& text, const char* part) {
      const std::string message = message_of([&] { read_table(folder.write("t.json", text)); });
      const bool found = message.find(part) != message.npos && message.find("t.json") != message.npos;
      if (!found) qWarning("%s", message.c_str());
      return found;
    };
    // Cut anywhere it is refused, never half read.
    for (size_t length = 0; length + 2 < good.size(); length += 97) QVERIFY(says(good.substr(0, length), "not valid JSON"));
    QVERIFY(says(with(good, "\"table_version\": 1", "\"table_version\": 2"), "table_version: expected 1, found 2"));
    QVERIFY(says(with(good, "\"table_version\"", "\"version\""), "table_version"));
    QVERIFY(says(with(good, "\"method\": \"RTN\"", "\"method\": 7"), "rows[1]: method"));
    QVERIFY(says(with(good, "\"method\": \"float\",", ""), "rows[0]: method"));
    QVERIFY(says(with(good, "\"right\": 9", "\"right\": 11"), "rows[0]: evaluation: overall: right: expected 0 to 10, found 11"));
    QVERIFY(says(with(good, "\"right\": 9", "\"right\": -1"), "rows[0]: evaluation: overall: right"));
    QVERIFY(says(with(good, "\"right\": 4", "\"right\": 6"), "categories.IMG: right"));
    QVERIFY(says(with(good, "\"right\": 9", "\"right\": 1e3"), "a whole number"));
    QVERIFY(says(with(good, "\"site_forwards\": 4000", "\"site_forwards\": \"many\""), "rows[1]: run: site_forwards"));
    QVERIFY(says(with(good, "\"seconds\": 12.5", "\"seconds\": 1e999"), "t.json"));
    QVERIFY(says(R"({"table_version": 1, "title": "", "model": "", "calibration": "", "questions": "", "rows": {}})", "rows: expected an array"));
    QVERIFY(says("[]", "an object"));
    QVERIFY(says(std::string(100000, '['), "nesting"));
    Table many = sample_table();
    many.rows.resize(kMaxTableRows + 1);
    QVERIFY(says(to_json(many), "rows: expected at most 500, found 501"));
    Table wide = sample_table();
    for (size_t i = 0; i <= kMaxTableCategories; ++i) wide.rows[0].evaluation->categories["c" + std::to_string(i)] = {};
    QVERIFY(says(to_json(wide), "categories: expected at most 500"));
    const std::string absent = message_of([&] { read_table(folder.path("absent.json")); });
    QVERIFY(absent.find("absent.json") != absent.npos);
    // What a later writer adds is passed over.
    QCOMPARE(to_json(read_table(folder.write("t.json", with(good, "\"title\"", "\"colour\": [1], \"title\"")))), good);
  }

  void json_holds_every_figure() {
    const auto json = nlohmann::json::parse(to_json(sample_table()));
    QCOMPARE(json.at("rows").size(), size_t{5});
    const auto& second = json.at("rows").at(1);
    QCOMPARE(second.at("weights").get<std::string>(), std::string("4 bit, group 128"));
    QCOMPARE(second.at("run").at("site_forwards").get<int>(), 4000);
    QCOMPARE(second.at("evaluation").at("overall").at("right").get<int>(), 8);
    QCOMPARE(second.at("evaluation").at("divergence").at("image").at("kl").get<double>(), 5e-4);
    QVERIFY(!json.at("rows").at(0).contains("run"));
    QCOMPARE(json.at("rows").at(4).at("failure").get<std::string>(), std::string("the disk is <full>"));
  }

  void the_page_is_whole_and_stands_alone() {
    Table text = sample_table();
    text.is_text = true;
    for (TableRow& one : text.rows) {
      if (one.evaluation) one.evaluation->likelihood["text"] = {100, one.evaluation->mean_kl + 2};
    }
    for (const Table& table : {sample_table(), text}) {
      const std::string html = to_html(table, TableLayout::ROWS);
      QVERIFY(html.find("prefers-color-scheme: dark") != std::string::npos);
      for (const char* outside : {"http:", "https:", "src=", "url(", "@import"}) QVERIFY(html.find(outside) == std::string::npos);
      QVERIFY(html.find("<full>") == std::string::npos && html.find("&lt;full&gt;") != std::string::npos);
      QVERIFY(html.find("nan") == std::string::npos && html.find("inf\"") == std::string::npos);
      // Both plots are well-formed, with a mark for every row that has a figure.
      int plots = 0;
      for (size_t at = html.find("<svg"); at != std::string::npos; at = html.find("<svg", at + 1)) {
        const std::string svg = html.substr(at, html.find("</svg>", at) + 6 - at);
        QXmlStreamReader reader(QByteArray::fromStdString(svg));
        int marks = 0;
        while (!reader.atEnd()) {
          reader.readNext();
          if (reader.isStartElement() && (reader.name() == u"rect" || reader.name() == u"circle")) ++marks;
        }
        QVERIFY2(!reader.hasError(), qPrintable(reader.errorString()));
        QCOMPARE(marks, plots++ == 0 ? 4 : 3);  // float has no distance from itself
      }
      QCOMPARE(plots, 2);
    }
  }
};

QTEST_GUILESS_MAIN(TestTable)
#include "test_table.moc"
