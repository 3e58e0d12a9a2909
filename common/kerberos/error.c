/* SPDX-License-Identifier: MIT
 *
 * error.c - libkrb5's error messages and principals as text.
 */
#include "internal.h"

char *tli_k5_message(TALLOC_CTX *ctx, krb5_context k5, krb5_error_code code)
{
    const char *text = krb5_get_error_message(k5, code);
    char *copy = talloc_strdup(ctx, text);

    krb5_free_error_message(k5, text);
    return copy;
}

char *tli_k5_name(TALLOC_CTX *ctx, krb5_context k5, krb5_const_principal princ)
{
    /* an enterprise name holds its own suffix; the realm asked is not part of it */
    int flags = princ != NULL && princ->type == KRB5_NT_ENTERPRISE_PRINCIPAL
                    ? KRB5_PRINCIPAL_UNPARSE_NO_REALM | KRB5_PRINCIPAL_UNPARSE_DISPLAY
                    : 0;
    char *text = NULL, *copy;

    if (princ == NULL || krb5_unparse_name_flags(k5, princ, flags, &text) != 0)
        return talloc_strdup(ctx, "?");
    copy = talloc_strdup(ctx, text);
    krb5_free_unparsed_name(k5, text);
    return copy;
}
