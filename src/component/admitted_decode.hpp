// Decoding within the memory budget. Records are larger in memory than on the wire, by how much
// nobody knows before: an attack of empty ones by a hundred times.
#pragma once

#include "component/intake.hpp"
#include "otlp/otlp.hpp"

namespace rankwire {

// Claims `estimate` beyond what is admitted, decodes within it, and where that does not suffice claims
// twice as much and starts again. Refused when there is no more to claim, and for good when all that one
// request can ever have did not suffice; never over what is admitted.
// `decode` takes DecodeOptions.
template <class Decode>
Result<SignalBatch> decode_admitted(Admission& admission, Bytes estimate, Decode decode) {
  const Bytes before = admission.held();
  const Bytes most = admission.max() > before ? admission.max() - before : Bytes{};
  Bytes tried;
  for (Bytes room = std::max(estimate, Bytes{4096});; room += room) {
    room = std::min(room, most);
    if (room <= tried) return Admission::over_the_limit();
    tried = room;
    if (!admission.grow_to(before + room)) return admission.refusal(before + room);
    Result<SignalBatch> batch = decode(otlp::DecodeOptions{.memory_max = room});
    if (batch || batch.error().kind() != ErrorKind::refused) return batch;
  }
}

}  // namespace rankwire
