#include "http/failure.hpp"
#include "http/tls.hpp"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>

namespace snapshotter::http {
namespace {

struct Words {
  std::string why;
  std::string advice = {};
};

Words about_certificate(long verdict) {
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return {"its certificate has expired", "renew it there; is this machine's clock right?"};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {"its certificate is not valid yet", "is this machine's clock right?"};
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return {"its certificate is for another host",
              "write the host as the certificate names it, or set server_name"};
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return {"its certificate is self-signed", "trust it by giving it as ca_file"};
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return {"its certificate comes from an authority that is not known here",
              "give the authority's certificate as ca_file"};
    default:
      return {std::string("its certificate is not good: ") +
              ::X509_verify_cert_error_string(verdict)};
  }
}

Words about_handshake(unsigned long error) {
  switch (ERR_GET_REASON(error)) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
      return {"what it speaks is not TLS", "is it http:// rather than https://?"};
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return {"it does not speak TLS 1.2 or later", "bring it up to date"};
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      return {"it refused the handshake, which servers do that want a certificate",
              "set client_certificate and client_key"};
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return {"it refused the certificate that we showed",
              "is client_certificate from an authority that it knows, and not expired?"};
    default:
      break;
  }
  const char* const reason = ::ERR_reason_error_string(error);
  return {std::string("TLS: ") + (reason == nullptr ? "unknown error" : reason)};
}

}  // namespace

HttpError tls_failure(const std::string& origin, int error, long verdict) {
  const Words words = verdict != X509_V_OK ? about_certificate(verdict)
                                           : about_handshake(static_cast<unsigned int>(error));
  return failure(HttpError::Step::tls, origin, words.why, words.advice);
}

}  // namespace snapshotter::http
