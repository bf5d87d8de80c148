// Which certificate authorities a context trusts. The binary links OpenSSL statically, so Debian's
// built-in directory may not be the one of the machine it runs on: known places are tried.
#include "net/tls_trust.hpp"

#include <cstdlib>
#include <filesystem>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "net/tls_context.hpp"

namespace rankwire::net {

namespace {

constexpr const char* hashed_directory = "/etc/ssl/certs";
constexpr const char* bundles[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                   "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

// A directory of files named by hash is read on demand and costs no memory; a bundle costs 0.85 MB.
bool has_hashed_certificates() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(hashed_directory, error)) {
    if (entry.path().extension() == ".0") return true;
  }
  return false;
}

Result<void> trust_system(SSL_CTX* context) {
  if (std::getenv("SSL_CERT_FILE") || std::getenv("SSL_CERT_DIR")) {
    SSL_CTX_set_default_verify_paths(context);
    return {};
  }
  if (has_hashed_certificates()) {
    SSL_CTX_load_verify_dir(context, hashed_directory);
    return {};
  }
  std::error_code error;
  for (const char* bundle : bundles) {
    if (std::filesystem::exists(bundle, error)) return trust_file(context, bundle);
  }
  SSL_CTX_set_default_verify_paths(context);
  return {};
}

Result<void> trust_pem(SSL_CTX* context, const std::string& pem) {
  BIO* source = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  int count = 0;
  while (X509* authority = PEM_read_bio_X509(source, nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority);
    X509_free(authority);
    ++count;
  }
  BIO_free(source);
  ERR_clear_error();
  if (count == 0) return Error(ErrorKind::invalid, "ca_pem contains no certificate");
  return {};
}

}  // namespace

Result<void> trust_file(ssl_ctx_st* context, const std::string& path) {
  if (SSL_CTX_load_verify_file(context, path.c_str()) == 1) return {};
  return Error(ErrorKind::invalid, "reading certificate authorities from " + path + ": " + take_tls_error());
}

Result<void> set_trust(ssl_ctx_st* context, const TlsOptions& options) {
  const bool has_own = !options.ca_file.empty() || !options.ca_pem.empty();
  if (!options.ca_file.empty()) RANKWIRE_TRY(trust_file(context, options.ca_file));
  if (!options.ca_pem.empty()) RANKWIRE_TRY(trust_pem(context, options.ca_pem));
  if (!has_own || options.include_system_ca_certs_pool) return trust_system(context);
  return {};
}

}  // namespace rankwire::net
