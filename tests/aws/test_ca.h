/* SPDX-License-Identifier: GPL-3.0-or-later
 * Certificates made at test time with libcrypto: a CA, and what it signs. Nothing is kept in the
 * repository that could expire or leak.
 */
#ifndef COLDPROF_TESTS_AWS_TEST_CA_H
#define COLDPROF_TESTS_AWS_TEST_CA_H

struct x509_st;     /* X509 */
struct evp_pkey_st; /* EVP_PKEY */

struct test_certificate {
    struct x509_st *x509;
    struct evp_pkey_st *key;
};

struct test_certificate_options {
    const char *name;                      /* subject; also a DNS name, unless it is a CA's */
    long valid_from_s;                     /* from now; negative: before */
    long valid_until_s;                    /* from now */
    const struct test_certificate *issuer; /* NULL: signs itself and may sign others */
};

/* Free with test_certificate_free. Ends the process when libcrypto fails. */
struct test_certificate test_certificate_new(const struct test_certificate_options *options);
void test_certificate_free(struct test_certificate *certificate);

/* As a PEM file in a new place below $TMPDIR; remove it. */
void test_certificate_save(const struct test_certificate *certificate, char path[64]);

#endif
