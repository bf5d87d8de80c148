// Requests of either protocol to batches. Memory is claimed before it is used: the declared size
// when the head is read, and each growth while chunks arrive or a body is decompressed.
#include "receivers/otlp/otlp_handler.hpp"

#include "component/admitted_decode.hpp"
#include "net/compression.hpp"
#include "otlp/otlp.hpp"

namespace rankwire::otlp_receiver {

namespace {

using net::Encoding;
using net::RequestHead;
using net::ServerResponse;

constexpr std::string_view protobuf_type = "application/x-protobuf";
constexpr std::string_view json_type = "application/json";
constexpr int grpc_unimplemented = 12;
// Of records with a few attributes; what is larger in memory is decoded again with more.
constexpr std::uint64_t decoded_size_ratio = 4;

enum class Format : std::uint8_t { protobuf, json, unknown };

bool is_same_type(std::string_view written, std::string_view type) {
  if (const std::size_t parameters = written.find(';'); parameters != std::string_view::npos) {
    written = written.substr(0, parameters);
  }
  while (written.ends_with(' ')) written.remove_suffix(1);
  return std::equal(written.begin(), written.end(), type.begin(), type.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
  });
}

Format format_of(const RequestHead& head) {
  if (head.is_grpc) return Format::protobuf;
  const std::string_view type = head.header("content-type");
  if (is_same_type(type, protobuf_type)) return Format::protobuf;
  return is_same_type(type, json_type) ? Format::json : Format::unknown;
}

ServerResponse plain_answer(int status, std::string text) {
  ServerResponse response;
  response.status = status;
  response.content_type = "text/plain";
  response.body = std::move(text);
  return response;
}

class OtlpExchange final : public net::Exchange {
 public:
  OtlpExchange(Intake& intake, Signal signal, Format format, Encoding encoding, Bytes decompressed_max,
               BufferPool* buffers, Admission admission, ClientRef client)
      : intake_(intake),
        signal_(signal),
        format_(format),
        encoding_(encoding),
        decompressed_max_(decompressed_max),
        buffers_(buffers),
        admission_(std::move(admission)),
        client_(std::move(client)) {}

  Result<void> body_may_grow_to(Bytes total) override {
    if (!admission_.grow_to(total)) return admission_.refusal(total);
    return {};
  }

  Result<ServerResponse> finish(Buffer body, bool is_compressed) override {
    if (is_compressed) {
      Result<Buffer> plain = decompressed(body);
      if (buffers_) buffers_->give_back(std::move(body));
      if (!plain) return std::move(plain).error();
      body = std::move(*plain);
    }
    if (auto taken = format_ == Format::json ? take_json(body) : take_protobuf(std::move(body)); !taken) {
      return std::move(taken).error();
    }
    ServerResponse response;
    if (format_ == Format::json) {
      response.body = otlp::encode_response_json({}, signal_);
    } else {
      response.content_type = protobuf_type;
      response.body = otlp::encode_response({}, signal_);
    }
    return response;
  }

 private:
  Result<Buffer> decompressed(const Buffer& body) {
    Bytes lacking;
    Result<Buffer> plain = net::decompress(encoding_, body.view(), decompressed_max_, [&](Bytes total) {
      const Bytes both = total + Bytes{body.size()};
      if (admission_.grow_to(both)) return true;
      lacking = both;
      return false;
    });
    if (lacking > Bytes{}) return admission_.refusal(lacking);
    // Too large for the configured limit: it will be next time too.
    if (!plain && plain.error().kind() == ErrorKind::refused) return Error(ErrorKind::invalid, plain.error().message());
    return plain;
  }

  Result<void> take_protobuf(Buffer body) {
    if (body.empty()) return {};
    const SharedBytes bytes =
        buffers_ ? buffers_->share(std::move(body)) : std::make_shared<const Buffer>(std::move(body));
    if (intake_.reads_records()) {
      Result<SignalBatch> batch =
          decode_admitted(admission_, Bytes{bytes->size() * decoded_size_ratio},
                          [&](otlp::DecodeOptions options) { return otlp::decode(signal_, bytes, options); });
      if (batch) return deliver(std::move(*batch));
      if (batch.error().kind() == ErrorKind::invalid) return std::move(batch).error();
      // For want of memory: the door refuses it too, and counts the records.
    }
    const Result<std::uint64_t> records = otlp::count_records(signal_, bytes->view());
    if (!records) return records.error();
    if (*records == 0) return {};
    return deliver(
        WireBatch{.signal = signal_, .chunks = {bytes}, .record_count = *records, .size = Bytes{bytes->size()}});
  }

  Result<void> take_json(const Buffer& body) {
    const Bytes parsed = admission_.held() + otlp::json_parsing_memory(body.view());
    if (!admission_.grow_to(parsed)) return admission_.refusal(parsed);
    Result<SignalBatch> batch = decode_admitted(admission_, Bytes{body.size() * 2}, [&](otlp::DecodeOptions options) {
      return otlp::decode_json(signal_, body.view(), options);
    });
    if (!batch) return std::move(batch).error();
    if (batch->record_count() == 0) return {};
    return deliver(std::move(*batch));
  }

  Result<void> deliver(SignalBatch batch) {
    batch.set_client(std::move(client_));
    Result<void> taken = intake_.deliver(std::move(admission_), std::move(batch));
    // The request was fine: what a pipeline cannot do with it is no mistake of the sender's.
    if (!taken && taken.error().kind() == ErrorKind::invalid)
      return Error(ErrorKind::internal, taken.error().message());
    return taken;
  }

  Intake& intake_;
  const Signal signal_;
  const Format format_;
  const Encoding encoding_;
  const Bytes decompressed_max_;
  BufferPool* const buffers_;
  Admission admission_;
  ClientRef client_;
};

}  // namespace

std::optional<Signal> OtlpHandler::signal_of(std::string_view path) const {
  for (const Signal signal : all_signals) {
    if (options_.paths[static_cast<std::size_t>(signal)] == path && intakes_.of(signal)) return signal;
  }
  return {};
}

bool OtlpHandler::is_accepted(Encoding encoding) const {
  if (encoding == Encoding::identity || options_.encodings.empty()) return true;
  for (const std::string& name : options_.encodings) {
    if (net::encoding_named(name) == encoding) return true;
  }
  return false;
}

std::optional<ServerResponse> OtlpHandler::special_answer(const RequestHead& head) {
  if (!signal_of(head.path)) {
    ServerResponse response = plain_answer(404, "404 page not found\n");
    if (head.is_grpc) {
      response.grpc_status = grpc_unimplemented;
      response.body = "no pipeline takes " + head.path;
    }
    return response;
  }
  if (head.is_grpc) return {};
  if (head.method != "POST") return plain_answer(405, "405 method not allowed, supported: [POST]");
  if (format_of(head) == Format::unknown) {
    return plain_answer(415, "415 unsupported media type, supported: [application/json, application/x-protobuf]");
  }
  if (!is_accepted(head.encoding)) {
    return plain_answer(400, "unsupported Content-Encoding: " + std::string(net::name_of(head.encoding)) + "\n");
  }
  return {};
}

ClientRef OtlpHandler::client_of(const RequestHead& head) const {
  auto client = std::make_shared<Client>();
  client->transport = options_.transport;
  client->address = head.peer.substr(0, head.peer.rfind(':'));
  client->auth = head.identity;
  if (options_.includes_metadata) client->metadata.assign(head.headers.begin(), head.headers.end());
  return client;
}

Result<std::unique_ptr<net::Exchange>> OtlpHandler::open(const RequestHead& head) {
  const Signal signal = *signal_of(head.path);
  Intake& intake = *intakes_.of(signal);
  const Bytes declared = head.body_size.value_or(Bytes{});
  if (declared > intake.admission_max()) return Admission::over_the_limit();
  Result<Admission> admission = intake.admit(declared);
  if (!admission) return std::move(admission).error();
  return std::make_unique<OtlpExchange>(intake, signal, format_of(head), head.encoding, options_.decompressed_max,
                                        buffers_.get(), std::move(*admission), client_of(head));
}

}  // namespace rankwire::otlp_receiver
