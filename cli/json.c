/* SPDX-License-Identifier: MIT
 *
 * json.c - the library's objects as JSON. docs/json.md describes the members.
 */
#include <string.h>
#include <unistr.h>

#include "cli.h"

json_t *cli_json_text(const char *text)
{
    json_t *value;
    char clean[1024];
    size_t i;

    if (text == NULL)
        return json_null();
    value = json_string(text);
    if (value != NULL)
        return value;
    /* Not UTF-8: only the bytes that are not are replaced. */
    for (i = 0; i + 1 < sizeof(clean) && text[i] != '\0'; i++)
        clean[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
    clean[i] = '\0';
    return json_string(clean);
}

static json_t *hex_status(uint32_t ntstatus)
{
    return json_sprintf("0x%08X", ntstatus);
}

json_t *cli_json_status(uint32_t ntstatus)
{
    const struct tl_status_info *status = tl_status_by_ntstatus(ntstatus);

    return json_pack("{s:o, s:o, s:I, s:o}", "ntstatus", hex_status(ntstatus), "name",
                     cli_json_text(status ? status->name : NULL), "win32",
                     (json_int_t)(status ? status->win32 : 0), "text",
                     cli_json_text(status ? status->text : NULL));
}

static json_t *krb_error(int32_t code)
{
    const struct tl_krb_info *krb = tl_krb_by_code(code);

    if (code == TL_KRB_NONE)
        return json_null();
    return json_pack("{s:i, s:o}", "code", code, "name",
                     cli_json_text(krb ? krb->name : NULL));
}

json_t *cli_json_outcome(const struct tl_outcome *out, const struct tl_words *words)
{
    json_t *object = json_pack(
        "{s:b, s:s, s:s, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "ok",
        out->reason == TL_REASON_OK, "reason", tl_reason_info(out->reason)->slug, "stage",
        tl_stage_name(out->stage), "status", cli_json_status(out->ntstatus), "hop",
        out->hop, "krb_error", krb_error(out->krb_error), "extended_status",
        out->edata_ntstatus ? hex_status(out->edata_ntstatus) : json_null(), "realm",
        cli_json_text(out->realm), "kdc", cli_json_text(out->kdc), "subject",
        cli_json_text(out->subject), "attribute", cli_json_text(out->attribute), "detail",
        cli_json_text(out->detail));

    if (words != NULL) {
        json_object_set_new(object, "message", cli_json_text(words->message));
        json_object_set_new(object, "explanation", cli_json_text(words->explanation));
        json_object_set_new(object, "remedy", cli_json_text(words->remedy));
    }
    return object;
}

json_t *cli_json_event(const struct tl_event *event)
{
    return json_pack(
        "{s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "kind",
        tl_event_kind_name(event->kind), "at_us", (json_int_t)event->at_us, "took_us",
        (json_int_t)event->took_us, "server", cli_json_text(event->server), "realm",
        cli_json_text(event->realm), "message", cli_json_text(event->message), "subject",
        cli_json_text(event->subject), "krb_error", krb_error(event->krb_error),
        "extended_status",
        event->edata_ntstatus ? hex_status(event->edata_ntstatus) : json_null(),
        "armored", event->armored, "text", cli_json_text(event->text));
}

json_t *cli_json_events(const struct tl_trace_log *log)
{
    json_t *array = json_array();

    for (size_t i = 0; log != NULL && i < log->count; i++)
        json_array_append_new(array, cli_json_event(&log->events[i]));
    return array;
}

json_t *cli_json_tdo(const struct tl_tdo *tdo)
{
    char sid[TL_SID_STRING_MAX];
    json_t *object;

    if (tdo == NULL)
        return json_null();
    object = json_pack(
        "{s:o, s:o, s:o, s:o, s:s, s:I, s:s, s:I, s:I, s:o}", "holder",
        cli_json_text(tdo->holder), "dn", cli_json_text(tdo->dn), "partner",
        cli_json_text(tdo->partner), "flat", cli_json_text(tdo->flat), "kind",
        tl_tdo_kind(tdo), "type", (json_int_t)tdo->type, "direction_name",
        tl_tdo_direction_name(tdo), "direction", (json_int_t)tdo->direction, "attributes",
        (json_int_t)tdo->attributes, "sid",
        tdo->has_sid ? json_string(tl_sid_format(&tdo->sid, sid)) : json_null());
    return object;
}

static json_t *json_hops(const struct tl_route *route)
{
    json_t *hops = json_array();

    for (size_t i = 0; i < route->num_hops; i++)
        json_array_append_new(hops,
                              json_pack("{s:o, s:o, s:o, s:o}", "from",
                                        cli_json_text(route->hops[i].from), "to",
                                        cli_json_text(route->hops[i].to), "tdo_from",
                                        cli_json_tdo(route->hops[i].tdo_from), "tdo_to",
                                        cli_json_tdo(route->hops[i].tdo_to)));
    return hops;
}

json_t *cli_json_route(const struct tl_route *route)
{
    if (route == NULL)
        return json_null();
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:s, s:o, s:o, s:b, s:s, s:o}",
        "verdict", tl_reason_info(route->verdict)->slug, "status",
        route->verdict == TL_REASON_OK ? json_null() : cli_json_status(route->ntstatus),
        "subject", cli_json_text(route->subject), "attribute",
        cli_json_text(route->attribute), "why", cli_json_text(route->why), "local",
        route->local, "realm", cli_json_text(route->realm), "principal",
        cli_json_text(route->principal), "name_type",
        route->type == TL_ENTERPRISE ? "NT-ENTERPRISE" : "NT-PRINCIPAL", "user_domain",
        cli_json_text(route->user_domain), "implicit_upn",
        cli_json_text(route->implicit_upn), "domain_named", route->domain_named,
        "first_ask", route->first_ask == TL_ASK_KRBTGT ? "krbtgt" : "host", "hops",
        json_hops(route));
}

json_t *cli_json_dc(const struct tl_dc *dc)
{
    return json_pack(
        "{s:o, s:o, s:o, s:b, s:b, s:I, s:I, s:o, s:o, s:o, s:o, s:I, s:o}", "host",
        cli_json_text(dc->host), "address", cli_json_text(dc->address), "domain",
        cli_json_text(dc->domain), "in_site", dc->in_site, "pinged", dc->pinged,
        "ping_us", (json_int_t)dc->ping_us, "flags", (json_int_t)dc->flags, "forest",
        cli_json_text(dc->forest), "flat_domain", cli_json_text(dc->flat_domain),
        "dc_site", cli_json_text(dc->dc_site), "client_site",
        cli_json_text(dc->client_site), "found", (json_int_t)dc->found, "why",
        cli_json_text(dc->why));
}
