// A certificate authority made in memory, and leaves signed by it, for tests of TLS. Header only:
// programs that use it link OpenSSL.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace rankwire::testing {

struct Certificate {
  std::string certificate_pem;
  std::string key_pem;
};

class CertificateAuthority {
 public:
  CertificateAuthority()
      : key_(EVP_EC_gen("P-256")), certificate_(make(key_.get(), "rankwire test authority", {}, nullptr)) {}

  std::string pem() const { return text_of(certificate_.get()); }
  // `names` as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1".
  Certificate issue(const std::string& names) const {
    const Key key(EVP_EC_gen("P-256"));
    const Document document = make(key.get(), "rankwire test", names, certificate_.get());
    return {text_of(document.get()), text_of(key.get())};
  }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* document) const { X509_free(document); }
  };
  using Key = std::unique_ptr<EVP_PKEY, Free>;
  using Document = std::unique_ptr<X509, Free>;

  Document make(EVP_PKEY* key, const char* common_name, const std::string& names, X509* issuer) const {
    static std::int64_t serial = 1;
    Document made(X509_new());
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set_int64(X509_get_serialNumber(made.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 86400);
    X509_set_pubkey(made.get(), key);
    X509_NAME* name = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name), -1, -1,
                               0);
    X509_set_issuer_name(made.get(), issuer ? X509_get_subject_name(issuer) : name);
    add(made.get(), NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (!names.empty()) add(made.get(), NID_subject_alt_name, names.c_str());
    X509_sign(made.get(), key_.get(), EVP_sha256());
    return made;
  }
  static void add(X509* to, int extension, const char* value) {
    X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, nullptr, extension, value);
    X509_add_ext(to, made, -1);
    X509_EXTENSION_free(made);
  }
  template <class Thing>
  static std::string text_of(Thing* thing) {
    BIO* out = BIO_new(BIO_s_mem());
    if constexpr (std::is_same_v<Thing, X509>) {
      PEM_write_bio_X509(out, thing);
    } else {
      PEM_write_bio_PrivateKey(out, thing, nullptr, nullptr, 0, nullptr, nullptr);
    }
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(out);
    return text;
  }

  Key key_;
  Document certificate_;
};

}  // namespace rankwire::testing
