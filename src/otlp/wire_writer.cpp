#include "otlp/wire_writer.hpp"

namespace rankwire::otlp {

void WireWriter::grow(std::size_t count) {
  flush();
  at_ = buffer_.prepare(count);
  end_ = buffer_.data() + buffer_.capacity();
}

void WireWriter::close_moving(OpenMessage message, std::size_t length, std::size_t needed) {
  if (needed < message.reserved && length > moved_bytes_max) {
    put_length(buffer_.data() + message.contents - message.reserved, length, message.reserved);
    return;
  }
  room(needed);
  char* const length_at = buffer_.data() + message.contents - message.reserved;
  std::memmove(length_at + needed, length_at + message.reserved, length);
  put_length(length_at, length, needed);
  at_ = length_at + needed + length;
  for (Piece& piece : remembered_)
    if (piece.offset >= message.contents) piece.offset += needed - message.reserved;
}

}  // namespace rankwire::otlp
