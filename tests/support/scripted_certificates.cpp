#include "support/scripted_certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace snapshotter::test {
namespace {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;

void check(bool good) {
  if (!good) throw std::runtime_error("cannot make a certificate");
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_of(bio.get());
}

std::string pem_of(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return text_of(bio.get());
}

Bio bio_of(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

void extend(X509* certificate, int what, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
  check(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void name(X509* certificate, const std::string& common_name) {
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
}

long seconds(std::chrono::hours time) { return std::chrono::seconds{time}.count(); }

}  // namespace

Certificate make_certificate(const CertificateWish& wish) {
  const Key key(EVP_EC_gen("P-256"));
  const X509Ptr made(X509_new());
  check(key && made);
  X509_set_version(made.get(), 2);
  std::uint32_t serial = 0;
  check(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), static_cast<long>(serial) + 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), seconds(wish.valid_from));
  X509_gmtime_adj(X509_getm_notAfter(made.get()), seconds(wish.valid_from + wish.valid_for));
  X509_set_pubkey(made.get(), key.get());
  name(made.get(), (wish.authority ? "authority " : "leaf ") + std::to_string(serial));
  if (wish.authority) extend(made.get(), NID_basic_constraints, "critical,CA:TRUE");
  if (!wish.names.empty()) extend(made.get(), NID_subject_alt_name, wish.names);

  if (wish.issuer == nullptr) {
    X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
    check(X509_sign(made.get(), key.get(), EVP_sha256()) > 0);
  } else {
    const Bio certificate_bio = bio_of(wish.issuer->certificate);
    const X509Ptr issuer(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
    const Bio key_bio = bio_of(wish.issuer->key);
    const Key issuer_key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
    check(issuer && issuer_key);
    X509_set_issuer_name(made.get(), X509_get_subject_name(issuer.get()));
    check(X509_sign(made.get(), issuer_key.get(), EVP_sha256()) > 0);
  }
  return {pem_of(made.get()), pem_of(key.get())};
}

}  // namespace snapshotter::test
