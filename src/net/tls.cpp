// TLS contexts over OpenSSL 3. Cipher suites carry Go's (IANA) names, because configurations do.
#include "net/tls.hpp"

#include <cstring>

#include <arpa/inet.h>
#include <sys/stat.h>

// The loaders of error strings are deprecated because OpenSSL otherwise loads them all at its start.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "net/tls_context.hpp"
#include "net/tls_trust.hpp"

namespace rankwire::net {

namespace {

constexpr Duration watch_pause = std::chrono::seconds(1);

Error failure(const std::string& what) { return Error(ErrorKind::invalid, what + ": " + take_tls_error()); }

Result<int> version_number(const std::string& name) {
  if (name.empty()) return 0;
  if (name == "1.0") return TLS1_VERSION;
  if (name == "1.1") return TLS1_1_VERSION;
  if (name == "1.2") return TLS1_2_VERSION;
  if (name == "1.3") return TLS1_3_VERSION;
  return Error(ErrorKind::invalid, "TLS version \"" + name + "\" is unknown; use 1.0, 1.1, 1.2 or 1.3");
}

Result<void> set_versions(SSL_CTX* context, const TlsOptions& options) {
  const Result<int> low = version_number(options.min_version.empty() ? "1.2" : options.min_version);
  if (!low) return low.error();
  const Result<int> high = version_number(options.max_version);
  if (!high) return high.error();
  if (*high != 0 && *high < *low) return Error(ErrorKind::invalid, "TLS min_version is above max_version");
  SSL_CTX_set_min_proto_version(context, *low);
  SSL_CTX_set_max_proto_version(context, *high);
  // OpenSSL refuses TLS 1.0 and 1.1 at its default security level, whatever the version range says.
  if (*low < TLS1_2_VERSION) SSL_CTX_set_security_level(context, 0);
  return {};
}

Result<void> set_ciphers(SSL_CTX* context, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  const std::unique_ptr<SSL_CTX, SslDeleter> all(SSL_CTX_new(TLS_method()));
  SSL_CTX_set_cipher_list(all.get(), "ALL");
  std::string list;
  for (const std::string& name : names) {
    const SSL_CIPHER* found = nullptr;
    const STACK_OF(SSL_CIPHER)* known = SSL_CTX_get_ciphers(all.get());
    for (int i = 0; i < sk_SSL_CIPHER_num(known) && !found; ++i) {
      const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(known, i);
      if (name == SSL_CIPHER_standard_name(cipher)) found = cipher;
    }
    if (!found) return Error(ErrorKind::invalid, "cipher suite \"" + name + "\" is unknown");
    // The suites of TLS 1.3 are always on, as in Go.
    if (std::strcmp(SSL_CIPHER_get_version(found), "TLSv1.3") == 0) continue;
    list.append(list.empty() ? "" : ":").append(SSL_CIPHER_get_name(found));
  }
  if (!list.empty() && SSL_CTX_set_cipher_list(context, list.c_str()) != 1) return failure("setting cipher suites");
  return {};
}

struct OwnedBio {
  explicit OwnedBio(const std::string& text) : bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))) {}
  ~OwnedBio() { BIO_free(bio); }
  BIO* bio;
};

Result<void> use_certificate_pem(SSL_CTX* context, const std::string& pem) {
  const OwnedBio source(pem);
  X509* leaf = PEM_read_bio_X509(source.bio, nullptr, nullptr, nullptr);
  if (!leaf) return failure("reading cert_pem");
  const bool is_set = SSL_CTX_use_certificate(context, leaf) == 1;
  X509_free(leaf);
  if (!is_set) return failure("using cert_pem");
  while (X509* issuer = PEM_read_bio_X509(source.bio, nullptr, nullptr, nullptr)) {
    SSL_CTX_add0_chain_cert(context, issuer);
  }
  ERR_clear_error();  // The end of the text counts as an error there.
  return {};
}

Result<void> use_key_pem(SSL_CTX* context, const std::string& pem) {
  const OwnedBio source(pem);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(source.bio, nullptr, nullptr, nullptr);
  if (!key) return failure("reading key_pem");
  const bool is_set = SSL_CTX_use_PrivateKey(context, key) == 1;
  EVP_PKEY_free(key);
  return is_set ? Result<void>() : failure("using key_pem");
}

Result<void> set_identity(SSL_CTX* context, const TlsOptions& options) {
  const bool has_certificate = !options.cert_file.empty() || !options.cert_pem.empty();
  const bool has_key = !options.key_file.empty() || !options.key_pem.empty();
  if (!has_certificate && !has_key) return {};
  if (has_certificate != has_key) return Error(ErrorKind::invalid, "TLS needs both a certificate and its key");
  if (!options.cert_pem.empty()) {
    RANKWIRE_TRY(use_certificate_pem(context, options.cert_pem));
  } else if (SSL_CTX_use_certificate_chain_file(context, options.cert_file.c_str()) != 1) {
    return failure("reading cert_file " + options.cert_file);
  }
  if (!options.key_pem.empty()) {
    RANKWIRE_TRY(use_key_pem(context, options.key_pem));
  } else if (SSL_CTX_use_PrivateKey_file(context, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return failure("reading key_file " + options.key_file);
  }
  if (SSL_CTX_check_private_key(context) != 1) return failure("the TLS key does not belong to the certificate");
  return {};
}

// Must run before anything else of libssl: without the texts of errors, 0.2 MB that an agent whose
// connections work never needs. load_error_texts() brings those of the parts that TLS goes through.
void start_library() {
  static const bool is_started =
      OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_LOAD_SSL_STRINGS, nullptr) == 1;
  static_cast<void>(is_started);
}

void load_error_texts() {
  static const bool are_loaded = [] {
    for (const auto load : {ERR_load_ERR_strings, ERR_load_SSL_strings, ERR_load_X509_strings, ERR_load_PEM_strings,
                            ERR_load_ASN1_strings, ERR_load_EVP_strings, ERR_load_BIO_strings, ERR_load_EC_strings,
                            ERR_load_RSA_strings, ERR_load_CRYPTO_strings}) {
      load();
    }
    return true;
  }();
  static_cast<void>(are_loaded);
}

Result<SslContextPointer> make_context(const SSL_METHOD* method, const TlsOptions& options) {
  start_library();
  SslContextPointer context(SSL_CTX_new(method));
  if (!context) return failure("making a TLS context");
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  RANKWIRE_TRY(set_versions(context.get(), options));
  RANKWIRE_TRY(set_ciphers(context.get(), options.cipher_suites));
  RANKWIRE_TRY(set_identity(context.get(), options));
  return context;
}

int protocol_slot() {
  static const int slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}

int choose_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  const auto* wanted = static_cast<const char*>(SSL_get_ex_data(ssl, protocol_slot()));
  const std::size_t size = std::strlen(wanted);
  for (unsigned int at = 0; at < offered_size; at += offered[at] + 1u) {
    if (offered[at] == size && std::memcmp(offered + at + 1, wanted, size) == 0) {
      *out = offered + at + 1;
      *out_size = offered[at];
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool is_address(const std::string& host) {
  unsigned char ignored[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, host.c_str(), ignored) == 1 || ::inet_pton(AF_INET6, host.c_str(), ignored) == 1;
}

std::string protocol_list(const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& protocol : protocols) {
    list.push_back(static_cast<char>(protocol.size()));
    list.append(protocol);
  }
  return list;
}

}  // namespace

void SslDeleter::operator()(ssl_st* ssl) const { SSL_free(ssl); }
void SslDeleter::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

std::string take_tls_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no detail";
  load_error_texts();
  char text[256];
  ERR_error_string_n(code, text, sizeof(text));
  return text;
}

TlsReloader::TlsReloader(Duration interval, std::string watched_file, Clock& clock, Logger* log)
    : interval_(interval), watched_file_(std::move(watched_file)), clock_(clock), log_(log) {}

std::string TlsReloader::fingerprint() const {
  struct stat found{};
  if (::stat(watched_file_.c_str(), &found) != 0) return {};
  return std::to_string(found.st_ino) + "/" + std::to_string(found.st_size) + "/" +
         std::to_string(found.st_mtim.tv_sec) + "." + std::to_string(found.st_mtim.tv_nsec);
}

bool TlsReloader::is_due() {
  const Instant now = clock_.now();
  if (interval_ > Duration::zero() && now >= next_read_) return true;
  if (watched_file_.empty() || now < next_look_) return false;
  next_look_ = now + watch_pause;
  return fingerprint() != last_fingerprint_;
}

Result<void> TlsReloader::replace(Result<SslContextPointer> built) {
  const Instant now = clock_.now();
  next_read_ = now + interval_;
  next_look_ = now + watch_pause;
  if (!watched_file_.empty()) last_fingerprint_ = fingerprint();
  if (!built) return built.error();
  current_ = std::move(*built);
  return {};
}

void TlsReloader::keep_or_replace(Result<SslContextPointer> built) {
  const Result<void> result = replace(std::move(built));
  if (!result && log_)
    log_->error("TLS files could not be re-read, the old ones stay", {{"error", result.error().message()}});
}

TlsClientContext::TlsClientContext(TlsClientOptions options, Clock& clock, Logger* log)
    : options_(std::move(options)), reloader_(options_.reload_interval, {}, clock, log) {}

Result<SslContextPointer> TlsClientContext::build() const {
  Result<SslContextPointer> context = make_context(TLS_client_method(), options_);
  if (!context) return context;
  if (!options_.insecure_skip_verify) {
    RANKWIRE_TRY(set_trust(context->get(), options_));
    SSL_CTX_set_verify(context->get(), SSL_VERIFY_PEER, nullptr);
  }
  const std::string protocols = protocol_list(options_.alpn_protocols);
  if (!protocols.empty()) {
    SSL_CTX_set_alpn_protos(context->get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                            static_cast<unsigned int>(protocols.size()));
  }
  return context;
}

SslPointer TlsClientContext::make_connection(const std::string& server_name) {
  SslPointer ssl =
      reloader_.make([this] { return build(); }, [](SSL_CTX* context) { return SslPointer(SSL_new(context)); });
  if (!ssl) return ssl;
  const std::string& name = options_.server_name_override.empty() ? server_name : options_.server_name_override;
  SSL_set_connect_state(ssl.get());
  if (is_address(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), name.c_str());
  } else if (!name.empty()) {
    SSL_set_tlsext_host_name(ssl.get(), name.c_str());
    SSL_set1_host(ssl.get(), name.c_str());
  }
  return ssl;
}

TlsServerContext::TlsServerContext(TlsServerOptions options, Clock& clock, Logger* log)
    : options_(std::move(options)),
      reloader_(options_.reload_interval, options_.client_ca_file_reload ? options_.client_ca_file : std::string(),
                clock, log) {}

Result<SslContextPointer> TlsServerContext::build() const {
  if (options_.cert_file.empty() && options_.cert_pem.empty()) {
    return Error(ErrorKind::invalid, "a TLS server needs cert_file and key_file");
  }
  Result<SslContextPointer> context = make_context(TLS_server_method(), options_);
  if (!context) return context;
  SSL_CTX* raw = context->get();
  SSL_CTX_set_options(raw, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  if (!options_.client_ca_file.empty()) {
    RANKWIRE_TRY(trust_file(raw, options_.client_ca_file));
    SSL_CTX_set_client_CA_list(raw, SSL_load_client_CA_file(options_.client_ca_file.c_str()));
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    static constexpr unsigned char session_scope[] = "rankwire";
    SSL_CTX_set_session_id_context(raw, session_scope, sizeof(session_scope) - 1);
  }
  return context;
}

SslPointer TlsServerContext::make_connection(const char* protocol) {
  SslPointer ssl =
      reloader_.make([this] { return build(); }, [](SSL_CTX* context) { return SslPointer(SSL_new(context)); });
  if (!ssl) return ssl;
  SSL_set_ex_data(ssl.get(), protocol_slot(), const_cast<char*>(protocol));
  SSL_set_accept_state(ssl.get());
  return ssl;
}

Result<std::shared_ptr<TlsClientContext>> make_tls_client(TlsClientOptions options, Clock& clock, Logger* log) {
  auto context = std::make_shared<TlsClientContext>(std::move(options), clock, log);
  RANKWIRE_TRY(context->load());
  return context;
}

Result<std::shared_ptr<TlsServerContext>> make_tls_server(TlsServerOptions options, Clock& clock, Logger* log) {
  auto context = std::make_shared<TlsServerContext>(std::move(options), clock, log);
  RANKWIRE_TRY(context->load());
  return context;
}

}  // namespace rankwire::net
