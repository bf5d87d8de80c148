// Which form of the page a scraper gets, by its Accept header; and the page in that form.
#pragma once

#include "exporters/prometheus/series_store.hpp"

namespace rankwire::prometheus_page {

enum class PageForm : std::uint8_t { text, open_metrics, protobuf };

struct PageFormat {
  PageForm form = PageForm::text;
  bool is_utf8 = false;  // The scraper takes names with any character; otherwise they are escaped.

  std::string content_type() const;
};

// What it likes best of what there is; text if there is nothing of that.
PageFormat negotiate(std::string_view accept, bool has_open_metrics);
// Whether an Accept-Encoding header allows gzip.
bool takes_gzip(std::string_view accept_encoding);

struct PageOptions {
  PageFormat format;
  bool has_timestamps = false;
};

std::string write_page(const std::vector<FamilyRows>& rows, const NameClaims& claims, const PageOptions& options);

struct ShownLabel {
  std::string name, value;
};
// In the order of names, each once: what has the same name after escaping shares it, its values joined by ";".
std::vector<ShownLabel> unpacked(std::string_view labels, bool is_utf8);
// Characters that are not of classic names become "_"; a colon is one of them for labels.
std::string escaped_name(std::string_view name, bool is_label);
bool is_classic_name(std::string_view name, bool is_label);

std::string write_text(const std::vector<FamilyRows>& rows, const NameClaims& claims, const PageOptions& options);
std::string write_protobuf(const std::vector<FamilyRows>& rows, const PageOptions& options);

}  // namespace rankwire::prometheus_page
