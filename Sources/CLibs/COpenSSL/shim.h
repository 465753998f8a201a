#pragma once
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

// Much of OpenSSL is macros, which Swift cannot call: adapters for those, and the callbacks that are plainer in C.

/// What one step of a session takes and leaves: ciphertext that is lent to it, and room for what it wants to send.
typedef struct {
    const unsigned char *input;
    size_t input_left;
    unsigned char *output;
    size_t output_count;
    size_t output_capacity;
} tutti_tls_wire;

static inline int tutti_tls_wire_read(BIO *bio, char *bytes, int count) {
    tutti_tls_wire *wire = (tutti_tls_wire *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (count <= 0) return 0;
    if (wire->input_left == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t taken = (size_t)count < wire->input_left ? (size_t)count : wire->input_left;
    memcpy(bytes, wire->input, taken);
    wire->input += taken;
    wire->input_left -= taken;
    return (int)taken;
}

static inline int tutti_tls_wire_write(BIO *bio, const char *bytes, int count) {
    tutti_tls_wire *wire = (tutti_tls_wire *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (count <= 0) return 0;
    size_t room = wire->output_capacity - wire->output_count;
    if (room == 0) {
        BIO_set_retry_write(bio);
        return -1;
    }
    size_t taken = (size_t)count < room ? (size_t)count : room;
    memcpy(wire->output + wire->output_count, bytes, taken);
    wire->output_count += taken;
    return (int)taken;
}

static inline long tutti_tls_wire_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static inline int tutti_tls_wire_create(BIO *bio) {
    BIO_set_init(bio, 1);
    return 1;
}

/// The kind of BIO that moves bytes between a session and its `tutti_tls_wire`; NULL when memory is short.
static inline BIO_METHOD *tutti_tls_wire_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
    if (!method) return NULL;
    BIO_meth_set_read(method, tutti_tls_wire_read);
    BIO_meth_set_write(method, tutti_tls_wire_write);
    BIO_meth_set_ctrl(method, tutti_tls_wire_control);
    BIO_meth_set_create(method, tutti_tls_wire_create);
    return method;
}

/// A session over `wire`, which must outlive it; NULL when memory is short.
static inline SSL *tutti_tls_session(SSL_CTX *context, BIO_METHOD *method, tutti_tls_wire *wire) {
    SSL *session = SSL_new(context);
    BIO *bio = BIO_new(method);
    if (!session || !bio) {
        SSL_free(session);
        BIO_free(bio);
        return NULL;
    }
    BIO_set_data(bio, wire);
    SSL_set_bio(session, bio, bio);
    return session;
}

/// http/1.1 or, for clients that offer only something else, the alert that says so.
static inline int tutti_tls_choose_protocol(SSL *session, const unsigned char **chosen, unsigned char *length,
                                            const unsigned char *offered, unsigned int count, void *context) {
    static const unsigned char name[] = "http/1.1";
    (void)session, (void)context;
    for (unsigned int at = 0; at < count && offered[at] < count - at; at += 1u + offered[at]) {
        if (offered[at] != sizeof name - 1 || memcmp(offered + at + 1, name, sizeof name - 1) != 0) continue;
        *chosen = offered + at + 1;
        *length = offered[at];
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// TLS 1.2 with forward secrecy and authenticated encryption, and TLS 1.3; 1 when everything was taken.
static inline int tutti_tls_configure(SSL_CTX *context) {
    SSL_CTX_clear_options(context, SSL_OP_ALLOW_CLIENT_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // Tickets carry their session themselves: the server remembers nothing. One a handshake, good for two hours.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(context, 2 * 60 * 60);
    SSL_CTX_set_alpn_select_cb(context, tutti_tls_choose_protocol, NULL);
    return SSL_CTX_set_num_tickets(context, 1) == 1 && SSL_CTX_set_max_early_data(context, 0) == 1 &&
           SSL_CTX_set_session_id_context(context, (const unsigned char *)"tutti", 5) == 1 &&
           SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
           SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                            "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                            "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305") == 1 &&
           SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                             "TLS_CHACHA20_POLY1305_SHA256") == 1;
}

/// Adds a certificate of the chain, and takes it over when it gives 1.
static inline int tutti_tls_add_to_chain(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add0_chain_cert(context, certificate);
}

/// Notes in `*asked` (an int) that a passphrase was wanted, and gives none.
static inline int tutti_tls_no_passphrase(char *passphrase, int capacity, int writing, void *asked) {
    (void)passphrase, (void)capacity, (void)writing;
    *(int *)asked = 1;
    return -1;
}

/// Whether the last error says that the text had no further PEM block of the kind that was looked for.
static inline int tutti_tls_pem_ended(void) {
    unsigned long code = ERR_peek_last_error();
    return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

/// The end of a certificate's time in seconds since 1970, or -1.
static inline long long tutti_tls_valid_until(const X509 *certificate) {
    struct tm parts;
    return ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) == 1 ? (long long)timegm(&parts) : -1;
}

/// HMAC-SHA-256 with its key taken in; `NULL` when there is no memory. For `EVP_MAC_CTX_free`.
static inline EVP_MAC_CTX *tutti_hmac_keyed(const unsigned char *key, size_t count) {
    EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
    EVP_MAC_CTX *context = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    if (context == NULL) return NULL;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0), OSSL_PARAM_construct_end()};
    if (EVP_MAC_init(context, key, count, parameters) == 1) return context;
    EVP_MAC_CTX_free(context);
    return NULL;
}

/// The 32 bytes of a text's MAC. Leaves `keyed` as it is, so that any number of threads may use it. Zero on failure.
static inline int tutti_hmac_of(
    const EVP_MAC_CTX *keyed, const unsigned char *text, size_t count, unsigned char *result) {
    EVP_MAC_CTX *context = EVP_MAC_CTX_dup(keyed);
    size_t written = 0;
    int done = context != NULL && EVP_MAC_update(context, text, count) == 1 &&
               EVP_MAC_final(context, result, &written, 32) == 1 && written == 32;
    EVP_MAC_CTX_free(context);
    return done;
}
