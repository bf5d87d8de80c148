// Collecting and phrasing problems, and guessing what was meant.
#include "config/diagnostics.hpp"

#include <algorithm>
#include <tuple>

namespace rankwire::config {
namespace {

constexpr std::size_t compared_size_max = 64;
constexpr std::size_t listed_max = 8;

// Case, '_' and '-' apart: "sendingQueue" is "sending_queue".
std::string normalized(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c == '_' || c == '-') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  return plain;
}

// Insertions, deletions, replacements and swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::string Diagnostic::text() const {
  std::string result = place.text();
  if (!result.empty()) result += ": ";
  result += severity == Severity::error ? "error: " : "warning: ";
  if (!path.empty()) (result += path) += ": ";
  result += message;
  if (!suggestion.empty()) (result += "; ") += suggestion;
  return result;
}

void Diagnostics::error(const Place& place, std::string path, std::string message, std::string suggestion) {
  all_.push_back({Severity::error, place, std::move(path), std::move(message), std::move(suggestion)});
}

void Diagnostics::warning(const Place& place, std::string path, std::string message, std::string suggestion) {
  all_.push_back({Severity::warning, place, std::move(path), std::move(message), std::move(suggestion)});
}

bool Diagnostics::has_errors() const {
  return std::any_of(all_.begin(), all_.end(), [](const Diagnostic& d) { return d.severity == Severity::error; });
}

std::string Diagnostics::text() const {
  std::vector<const Diagnostic*> ordered;
  for (const Diagnostic& diagnostic : all_) ordered.push_back(&diagnostic);
  // The address keeps the order of reporting within one place.
  const auto key = [](const Diagnostic* d) {
    return std::tuple(d->place.source ? std::string_view(*d->place.source) : std::string_view(), d->place.line,
                      d->place.column, d);
  };
  std::sort(ordered.begin(), ordered.end(), [&](const Diagnostic* a, const Diagnostic* b) { return key(a) < key(b); });
  std::string result;
  for (const Diagnostic* diagnostic : ordered) (result += diagnostic->text()) += '\n';
  return result;
}

Error Diagnostics::as_error() const { return {ErrorKind::invalid, text()}; }

std::string_view closest(std::string_view wrong, const std::vector<std::string_view>& candidates) {
  const std::string plain = normalized(wrong);
  if (plain.empty() || plain.size() > compared_size_max) return {};
  std::string_view best;
  std::size_t best_distance = plain.size() / 3 + 1;
  for (const std::string_view candidate : candidates) {
    const std::string other = normalized(candidate);
    if (other.size() > compared_size_max) continue;
    const std::size_t distance = edit_distance(plain, other);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string suggest(std::string_view wrong, const std::vector<std::string_view>& candidates) {
  if (const std::string_view best = closest(wrong, candidates); !best.empty()) {
    return "did you mean \"" + std::string(best) + "\"?";
  }
  if (candidates.empty() || candidates.size() > listed_max) return {};
  std::string text = candidates.size() == 1 ? "allowed is " : "allowed are ";
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i != 0) text += ", ";
    text += candidates[i];
  }
  return text;
}

}  // namespace rankwire::config
