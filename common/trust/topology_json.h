/* SPDX-License-Identifier: MIT
 *
 * trust/topology_json.h - what reading and writing the snapshot share.
 */
#ifndef TRUST_TOPOLOGY_JSON_H
#define TRUST_TOPOLOGY_JSON_H

#include <trustlogon/trust.h>

#define TL_TOPOLOGY_VERSION 1

/* The kind of a record by its number on the wire; unknown ones count as binary. */
static inline enum tl_ft_type tli_ft_type_of(uint32_t raw)
{
    return raw <= TL_FT_DOMAIN || raw == TL_FT_SCANNER ? (enum tl_ft_type)raw
                                                       : TL_FT_BINARY;
}

#endif
