// Request heads: header lookup, and building one from the pieces that parsers deliver.
#include "net/server_session.hpp"

namespace rankwire::net {

std::string_view RequestHead::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

void HeadBuilder::clear() {
  while (!head.headers.empty()) {
    if (spare_.size() < kept_max) spare_.push_back(std::move(head.headers.back()));
    head.headers.pop_back();
  }
  head.method.clear();
  head.path.clear();
  head.query.clear();
  head.encoding = Encoding::identity;
  head.body_size.reset();
  head.identity.clear();
}

void HeadBuilder::begin_header() {
  if (spare_.empty()) {
    head.headers.emplace_back();
    return;
  }
  head.headers.push_back(std::move(spare_.back()));
  spare_.pop_back();
  name().clear();
  value().clear();
}

void HeadBuilder::append_lower(std::string& to, const char* from, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    const char c = from[i];
    to.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c);
  }
}

void HeadBuilder::split_target() {
  std::string& path = head.path;
  if (const std::size_t query = path.find('?'); query != std::string::npos) {
    head.query.assign(path, query + 1);
    path.resize(query);
  }
  if (path.starts_with("/")) return;
  const std::size_t scheme_end = path.find("://");
  if (scheme_end == std::string::npos) return;
  const std::size_t slash = path.find('/', scheme_end + 3);
  path = slash == std::string::npos ? "/" : path.substr(slash);
}

}  // namespace rankwire::net
