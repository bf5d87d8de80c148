#include "receivers/prometheus/relabel.hpp"

#include <doctest/doctest.h>

#include "config/load.hpp"

namespace rankwire::prometheus {
namespace {

struct RuleList {
  std::vector<RelabelConfig> rules;
  void fields(config::Fields& f) { f.list("rules", rules, "Rules."); }
};

std::vector<RelabelConfig> configs(const std::string& yaml, config::Diagnostics& diagnostics) {
  const config::Node node = config::parse_yaml("rules: [" + yaml + "]", "test.yaml", diagnostics);
  return config::read<RuleList>(node, "test", diagnostics).rules;
}

RelabelRules rules(const std::string& yaml) {
  config::Diagnostics diagnostics;
  const auto all = configs(yaml, diagnostics);
  REQUIRE_MESSAGE(!diagnostics.has_errors(), yaml << ": " << diagnostics.text());
  return RelabelRules(all);
}

std::string refusal(const std::string& yaml) {
  config::Diagnostics diagnostics;
  (void)configs(yaml, diagnostics);
  return diagnostics.has_errors() ? diagnostics.text() : "";
}

// "a=1 b=2", or "dropped".
std::string after(const std::string& yaml, Labels labels) {
  Arena arena;
  if (!rules(yaml).apply(labels, arena)) return "dropped";
  exposition::sort_labels(labels);
  std::string text;
  for (const Label& label : labels)
    text += (text.empty() ? "" : " ") + std::string(label.name) + "=" + std::string(label.value);
  return text;
}

}  // namespace

TEST_CASE("replace sets a label to what a match of the joined values makes of it") {
  CHECK(after("{source_labels: [a, b], target_label: c}", {{"a", "1"}, {"b", "2"}}) == "a=1 b=2 c=1;2");
  CHECK(after("{source_labels: [a, b], separator: /, regex: '(.)/(.)', target_label: c, replacement: '$2-${1}'}",
              {{"a", "1"}, {"b", "2"}}) == "a=1 b=2 c=2-1");
  CHECK(after("{target_label: cluster, replacement: east}", {{"a", "1"}}) == "a=1 cluster=east");
  CHECK(after("{source_labels: [a], regex: nothing, target_label: c}", {{"a", "1"}}) == "a=1");
  CHECK(after("{source_labels: [a], regex: '1', target_label: c, replacement: ''}", {{"a", "1"}, {"c", "x"}}) == "a=1");
  CHECK(after("{source_labels: [missing], target_label: a}", {{"a", "1"}}) == "");
  CHECK(after("{source_labels: [a], regex: '(.+)_(.+)', target_label: '${1}', replacement: '$2'}", {{"a", "x_y"}}) ==
        "a=x_y x=y");
  CHECK(after("{source_labels: [a], regex: 'x|(y)', target_label: '$1', replacement: z}", {{"a", "x"}}) == "a=x");
}

TEST_CASE("an expression must match all, over line breaks too") {
  CHECK(after("{action: keep, source_labels: [a], regex: 'b'}", {{"a", "abc"}}) == "dropped");
  CHECK(after("{action: keep, source_labels: [a], regex: 'a|c'}", {{"a", "ab"}}) == "dropped");
  CHECK(after("{action: keep, source_labels: [a], regex: 'a.c'}", {{"a", "a\nc"}}) == "a=a\nc");
  CHECK(after("{source_labels: [a], target_label: b}", {{"a", "x\ny"}}) == "a=x\ny b=x\ny");
  CHECK(after("{action: drop, source_labels: [a], regex: ''}", {{"b", "1"}}) == "dropped");
}

TEST_CASE("keep, drop and their comparisons with another label") {
  CHECK(after("{action: keep, source_labels: [a], regex: '1.*'}", {{"a", "12"}}) == "a=12");
  CHECK(after("{action: drop, source_labels: [a], regex: '1.*'}", {{"a", "12"}}) == "dropped");
  CHECK(after("{action: drop, source_labels: [a]}", {{"b", "1"}}) == "dropped");
  CHECK(after("{action: keepequal, source_labels: [a], target_label: b}", {{"a", "1"}, {"b", "1"}}) == "a=1 b=1");
  CHECK(after("{action: keepequal, source_labels: [a], target_label: b}", {{"a", "1"}, {"b", "2"}}) == "dropped");
  CHECK(after("{action: dropequal, source_labels: [a], target_label: b}", {{"a", "1"}, {"b", "1"}}) == "dropped");
  CHECK(after("{action: dropequal, source_labels: [a], target_label: b}", {{"a", "1"}, {"b", "2"}}) == "a=1 b=2");
}

TEST_CASE("labels are mapped, dropped and kept by name") {
  CHECK(after("{action: labelmap, regex: '__meta_(.+)'}", {{"__meta_zone", "z"}, {"a", "1"}}) ==
        "__meta_zone=z a=1 zone=z");
  CHECK(after("{action: labelmap, regex: 'x_(.+)', replacement: 'y_${1}'}", {{"x_a", "1"}, {"y_a", "2"}}) ==
        "x_a=1 y_a=1");
  CHECK(after("{action: labeldrop, regex: 'a.*'}", {{"a", "1"}, {"ab", "2"}, {"ba", "3"}}) == "ba=3");
  CHECK(after("{action: labelkeep, regex: 'a.*'}", {{"a", "1"}, {"ab", "2"}, {"ba", "3"}}) == "a=1 ab=2");
}

TEST_CASE("hashes divide targets among agents as Prometheus does; case is changed") {
  // The MD5 of "foo" is acbd18db4cc2f85cedef654fccc4a4d8; its second half counts.
  CHECK(after("{action: hashmod, source_labels: [a], target_label: n, modulus: 1000}", {{"a", "foo"}}) ==
        "a=foo n=" + std::to_string(0xedef654fccc4a4d8ULL % 1000));
  CHECK(after("{action: lowercase, source_labels: [a], target_label: b}", {{"a", "Ab1"}}) == "a=Ab1 b=ab1");
  CHECK(after("{action: uppercase, source_labels: [a], target_label: a}", {{"a", "Ab\u00e91"}}) == "a=AB\u00c91");
  CHECK(after("{action: UpperCase, source_labels: [a], target_label: a}", {{"a", "b"}}) == "a=B");
}

TEST_CASE("rules are applied in their order, and none after one that drops") {
  CHECK(after("{target_label: a, replacement: '2'}, {source_labels: [a], target_label: b}", {{"a", "1"}}) == "a=2 b=2");
  CHECK(after("{action: drop, source_labels: [a]}, {target_label: b, replacement: x}", {{"a", "1"}}) == "dropped");
}

TEST_CASE("names that no rule can keep are known without their labels") {
  const RelabelRules keep = rules(
      "{action: keep, source_labels: [__name__], regex: 'up|DCGM_.*'}, "
      "{action: drop, source_labels: [__name__], regex: DCGM_OLD}, "
      "{target_label: __name__, replacement: x}, "
      "{action: keep, source_labels: [__name__], regex: x}");
  CHECK(keep.may_keep_name("up"));
  CHECK(keep.may_keep_name("DCGM_FI_DEV_GPU_UTIL"));
  CHECK(!keep.may_keep_name("DCGM_OLD"));
  CHECK(!keep.may_keep_name("go_goroutines"));
  // Rules that may change the name, or ask for more than it, decide only with the labels.
  CHECK(rules("{target_label: __name__, replacement: x}, {action: keep, source_labels: [__name__], regex: x}")
            .may_keep_name("y"));
  CHECK(rules("{action: keep, source_labels: [__name__, a], regex: 'x;.*'}").may_keep_name("y"));
}

TEST_CASE("a rule that cannot work is refused with what is wrong") {
  CHECK(refusal("{action: replace}").find("target_label") != std::string::npos);
  CHECK(refusal("{action: hashmod, target_label: a}").find("modulus") != std::string::npos);
  CHECK(refusal("{regex: '(', target_label: a}").find("regex") != std::string::npos);
  CHECK(refusal("{action: erase}").find("labeldrop") != std::string::npos);
  CHECK(refusal("{action: labeldrop, regex: a, source_labels: [b]}").find("regex only") != std::string::npos);
  CHECK(refusal("{action: keepequal, source_labels: [b], target_label: c, regex: x}").find("only") !=
        std::string::npos);
  CHECK(refusal("{action: labelmap, replacement: ''}").find("replacement") != std::string::npos);
  CHECK(refusal("{action: keep, source_label: [b]}").find("source_labels") != std::string::npos);
}

}  // namespace rankwire::prometheus
