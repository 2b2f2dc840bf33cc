/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/aws/test_ca.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void need(int is_done, const char *what)
{
    if (is_done)
        return;
    (void)fprintf(stderr, "test CA: cannot %s\n", what);
    exit(1);
}

static void add_extension(X509 *x509, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    need(extension && X509_add_ext(x509, extension, -1), "add an extension");
    X509_EXTENSION_free(extension);
}

static void set_times(X509 *x509, const struct test_certificate_options *o)
{
    need(X509_gmtime_adj(X509_getm_notBefore(x509), o->valid_from_s) &&
             X509_gmtime_adj(X509_getm_notAfter(x509), o->valid_until_s),
         "set the times");
}

static void set_names(X509 *x509, const struct test_certificate_options *o)
{
    static long serial;
    X509_NAME *name = X509_get_subject_name(x509);
    need(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)o->name, -1,
                                    -1, 0),
         "set the name");
    const X509_NAME *issuer = o->issuer ? X509_get_subject_name(o->issuer->x509) : name;
    need(X509_set_issuer_name(x509, issuer), "set the issuer");
    need(ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial), "set the serial number");
}

struct test_certificate test_certificate_new(const struct test_certificate_options *o)
{
    struct test_certificate c = {X509_new(), EVP_EC_gen("P-256")};
    char dns[128];
    need(c.x509 && c.key && X509_set_version(c.x509, X509_VERSION_3), "begin");
    set_times(c.x509, o);
    set_names(c.x509, o);
    need(X509_set_pubkey(c.x509, c.key), "set the key");
    if (o->issuer) {
        (void)snprintf(dns, sizeof dns, "DNS:%s", o->name);
        add_extension(c.x509, NID_subject_alt_name, dns);
    } else {
        add_extension(c.x509, NID_basic_constraints, "critical,CA:TRUE");
        add_extension(c.x509, NID_key_usage, "critical,keyCertSign,digitalSignature");
    }
    need(X509_sign(c.x509, o->issuer ? o->issuer->key : c.key, EVP_sha256()), "sign");
    return c;
}

void test_certificate_free(struct test_certificate *c)
{
    X509_free(c->x509);
    EVP_PKEY_free(c->key);
    *c = (struct test_certificate){NULL, NULL};
}

void test_certificate_save(const struct test_certificate *c, char path[64])
{
    (void)snprintf(path, 64, "/tmp/coldprof-test-ca-XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    need(file && PEM_write_X509(file, c->x509) && fclose(file) == 0, "write the PEM file");
}
