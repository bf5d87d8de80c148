#include "processors/tail_sampling/arrival.hpp"

#include <bit>

namespace rankwire::tail_sampling {
namespace {

// So much of a buffer may be unused before a copy is worth it.
bool is_wasteful(const Buffer& buffer) { return buffer.capacity() > buffer.size() + buffer.size() / 4 + 512; }

template <class T>
std::uint64_t bytes_of(const std::vector<T>& list) {
  return list.capacity() * sizeof(T);
}

}  // namespace

Identity key_of(const TraceId& id) {
  return identity_of(std::string_view(reinterpret_cast<const char*>(id.bytes), sizeof id.bytes));
}

class Arrival::Sorter final : public otlp::SpanVisitor {
 public:
  Sorter(Arrival& to, std::uint64_t spans) : to_(to) {
    to_.spans_.reserve(spans);
    slots_.assign(std::bit_ceil(std::max<std::uint64_t>(spans, 4) * 2), none);
  }

  void resource(std::string_view description) override { to_.resources_.push_back(keep(description)); }
  void scope(std::string_view description) override {
    const auto resource = static_cast<std::uint32_t>(to_.resources_.size() - 1);
    to_.scopes_.push_back({resource, keep(description)});
  }
  void span(const TraceId& trace, bool is_root, std::string_view field) override {
    const auto at = static_cast<std::uint32_t>(to_.spans_.size());
    const auto scope = static_cast<std::uint32_t>(to_.scopes_.size() - 1);
    to_.spans_.push_back({field.data(), static_cast<std::uint32_t>(field.size()), scope, none});
    Piece& piece = find_or_add(trace);
    piece.has_root = piece.has_root || is_root;
    piece.bytes += field.size();
    if (piece.spans++ == 0) {
      piece.first = at;
      piece.bytes += around(scope, none);
    } else {
      SpanPlace& before = to_.spans_[piece.last];
      before.next = at;
      if (before.scope != scope) piece.bytes += around(scope, before.scope);
    }
    piece.last = at;
  }

 private:
  Text keep(std::string_view description) {
    const Text text{static_cast<std::uint32_t>(to_.descriptions_.size()),
                    static_cast<std::uint32_t>(description.size())};
    to_.descriptions_.append(description);
    return text;
  }

  // What is repeated around spans of another scope than the one before.
  std::uint64_t around(std::uint32_t scope, std::uint32_t before) const {
    const ScopePlace& place = to_.scopes_[scope];
    const bool is_same_resource = before != none && to_.scopes_[before].resource == place.resource;
    return place.description.size + (is_same_resource ? 0 : to_.resources_[place.resource].size);
  }

  Piece& find_or_add(const TraceId& trace) {
    if (!to_.pieces_.empty() && is_same(to_.pieces_[newest_].trace, trace)) return to_.pieces_[newest_];
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = key_of(trace).low & mask;
    for (; slots_[slot] != none; slot = (slot + 1) & mask)
      if (is_same(to_.pieces_[slots_[slot]].trace, trace)) return to_.pieces_[newest_ = slots_[slot]];
    if ((to_.pieces_.size() + 1) * 2 > slots_.size()) {
      grow();
      return find_or_add(trace);
    }
    newest_ = slots_[slot] = static_cast<std::uint32_t>(to_.pieces_.size());
    Piece& piece = to_.pieces_.emplace_back();
    piece.trace = trace;
    piece.arrival = &to_;
    return piece;
  }
  // There were more spans than the batch says.
  void grow() {
    std::vector<std::uint32_t> slots(slots_.size() * 2, none);
    const std::size_t mask = slots.size() - 1;
    for (std::uint32_t i = 0; i < to_.pieces_.size(); ++i) {
      std::size_t slot = key_of(to_.pieces_[i].trace).low & mask;
      while (slots[slot] != none) slot = (slot + 1) & mask;
      slots[slot] = i;
    }
    slots_.swap(slots);
  }
  static bool is_same(const TraceId& a, const TraceId& b) { return std::memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0; }

  Arrival& to_;
  std::vector<std::uint32_t> slots_;  // Pieces by the hash of their trace.
  std::uint32_t newest_ = 0;
};

Result<std::unique_ptr<Arrival>> Arrival::sort(WireBatch batch, bool is_leased) {
  std::unique_ptr<Arrival> arrival(new Arrival);
  Sorter sorter(*arrival, std::min<std::uint64_t>(batch.record_count, batch.size.count));
  for (SharedBytes& chunk : batch.chunks) {
    if (!is_leased && is_wasteful(*chunk)) chunk = std::make_shared<const Buffer>(Buffer::copy_of(chunk->view()));
    RANKWIRE_TRY(otlp::visit_spans(chunk->view(), sorter));
    arrival->bytes_.push_back(std::move(chunk));
  }
  arrival->pieces_.shrink_to_fit();
  arrival->undecided = arrival->spans();
  return arrival;
}

Bytes Arrival::memory() const {
  std::uint64_t bytes = sizeof(Arrival) + descriptions_.capacity() + bytes_of(resources_) + bytes_of(scopes_) +
                        bytes_of(spans_) + bytes_of(pieces_) + bytes_of(bytes_);
  for (const SharedBytes& chunk : bytes_) bytes += chunk->capacity();
  return {bytes};
}

void Assembler::append_resource(const Piece& piece, std::uint32_t& at, Buffer& to) {
  const Arrival& arrival = *piece.arrival;
  const std::uint32_t resource = arrival.scopes_[arrival.spans_[at].scope].resource;
  spans_.clear();
  spans_.reserve(piece.spans);  // Views of it stay where they are.
  scopes_.clear();
  std::uint32_t scope = Arrival::none;
  for (; at != Arrival::none; at = arrival.spans_[at].next) {
    const Arrival::SpanPlace& span = arrival.spans_[at];
    if (span.scope != scope) {
      const Arrival::ScopePlace& place = arrival.scopes_[span.scope];
      if (place.resource != resource) break;
      scope = span.scope;
      scopes_.push_back({arrival.text(place.description), {spans_.data() + spans_.size(), 0}});
    }
    spans_.push_back({span.at, span.size});
    scopes_.back().spans = {scopes_.back().spans.data(), scopes_.back().spans.size() + 1};
  }
  otlp::append_resource(arrival.text(arrival.resources_[resource]), scopes_, to);
}

}  // namespace rankwire::tail_sampling
