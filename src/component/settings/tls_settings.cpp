// Fields and rules of the `tls` sections.
#include "component/settings/tls_settings.hpp"

#include <algorithm>
#include <array>

namespace rankwire {

void TlsConfig::fields(config::Fields& f) {
  f.field("ca_file", ca_file, "File with the certificates of authorities to trust.");
  f.field("ca_pem", ca_pem, "Those certificates inline.");
  f.field("cert_file", cert_file, "File with this side's certificate.");
  f.field("cert_pem", cert_pem, "That certificate inline.");
  f.field("key_file", key_file, "File with this side's private key.");
  f.field("key_pem", key_pem, "That key inline.");
  f.field("min_version", min_version, "Oldest TLS version to accept: 1.0, 1.1, 1.2 (also if empty) or 1.3.");
  f.field("max_version", max_version, "Newest TLS version to use; empty: the newest there is.");
  f.field("cipher_suites", cipher_suites, "Cipher suites for TLS up to 1.2; empty: the safe ones.");
  f.field("reload_interval", reload_interval, "How often the files are read again; 0: never.", {.min = 0});
  f.field("include_system_ca_certs_pool", include_system_ca_certs_pool,
          "Trust the system's authorities besides ca_file.");
  f.unsupported("include_insecure_cipher_suites", "insecure cipher suites are never used");
  f.unsupported("curve_preferences", "the TLS library's order is used");
  f.unsupported("tpm", "keys in a TPM cannot be used");
}

void TlsConfig::validate(config::Validator& v) const {
  static constexpr std::array<std::string_view, 5> versions = {"", "1.0", "1.1", "1.2", "1.3"};
  const auto check_version = [&](std::string_view key, const std::string& version) {
    if (std::find(versions.begin(), versions.end(), version) == versions.end())
      v.error(key, "is not a TLS version", "use 1.0, 1.1, 1.2 or 1.3");
  };
  check_version("min_version", min_version);
  check_version("max_version", max_version);
  const std::string& lowest = min_version.empty() ? "1.2" : min_version;
  if (!max_version.empty() && lowest > max_version) v.error("max_version", "is older than min_version");
  const auto check_pair = [&](std::string_view key, bool has_file, bool has_pem) {
    if (has_file && has_pem) v.error(key, "is given both as a file and inline", "give one of the two");
  };
  check_pair("ca_pem", !ca_file.empty(), !ca_pem.empty());
  check_pair("cert_pem", !cert_file.empty(), !cert_pem.empty());
  check_pair("key_pem", !key_file.empty(), !key_pem.empty());
  const bool has_cert = !cert_file.empty() || !cert_pem.empty();
  const bool has_key = !key_file.empty() || !key_pem.empty();
  if (has_cert && !has_key) v.error("key_file", "a certificate needs its private key", "set key_file or key_pem");
  if (has_key && !has_cert) v.error("cert_file", "a private key needs its certificate", "set cert_file or cert_pem");
}

bool TlsConfig::has_material() const {
  return !ca_file.empty() || !ca_pem.empty() || !cert_file.empty() || !cert_pem.empty();
}

void TlsClientConfig::fields(config::Fields& f) {
  f.field("insecure", insecure, "Send without TLS where the endpoint's scheme does not decide.");
  f.field("insecure_skip_verify", insecure_skip_verify, "Accept any certificate: no protection against impostors.");
  f.field("server_name_override", server_name_override, "Name that the server's certificate must carry.");
  f.squash(common);
}

void apply(const TlsConfig& config, net::TlsOptions& to) {
  to.ca_file = config.ca_file;
  to.ca_pem = config.ca_pem.reveal();
  to.cert_file = config.cert_file;
  to.cert_pem = config.cert_pem.reveal();
  to.key_file = config.key_file;
  to.key_pem = config.key_pem.reveal();
  if (!config.min_version.empty()) to.min_version = config.min_version;
  to.max_version = config.max_version;
  to.cipher_suites = config.cipher_suites;
  to.reload_interval = config.reload_interval;
  to.include_system_ca_certs_pool = config.include_system_ca_certs_pool;
}

net::TlsClientOptions tls_client_options(const TlsClientConfig& config, std::vector<std::string> alpn_protocols) {
  net::TlsClientOptions options;
  apply(config.common, options);
  options.insecure_skip_verify = config.insecure_skip_verify;
  options.server_name_override = config.server_name_override;
  options.alpn_protocols = std::move(alpn_protocols);
  return options;
}

}  // namespace rankwire
