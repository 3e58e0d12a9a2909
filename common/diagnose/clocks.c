/* SPDX-License-Identifier: MIT
 *
 * clocks.c - whose clock is wrong: this machine's, or that of one domain controller.
 *
 * Kerberos refuses a difference of more than five minutes, and the error does not show
 * which clock is wrong. Each clock has one vote, this machine's too, and the majority is
 * right, if its clocks agree with each other. If the vote is even, as with one domain
 * controller, only the difference is reported.
 */
#include "internal.h"

#define SKEW_ALLOWED_S 300

static bool agrees(const struct tli_clock *clock)
{
    int64_t off = clock->here - clock->there;

    return off <= SKEW_ALLOWED_S && off >= -SKEW_ALLOWED_S;
}

/* How many agree with this machine. */
static size_t agreeing(const struct run *run)
{
    size_t count = 0;

    for (size_t i = 0; i < run->num_clocks; i++)
        count += agrees(&run->clocks[i]);
    return count;
}

static void note_dc(struct run *run, const struct tli_clock *clock, const char *sentence)
{
    const struct tl_fact fact = {.kind = TL_FACT_CLOCK_DC,
                                 .place = clock->place,
                                 .source = TL_SOURCE_NETWORK,
                                 .object = clock->host,
                                 .attribute = sentence};

    tl_facts_add(run->facts, &fact);
}

static void note_here(struct run *run, bool right, const char *sentence)
{
    const struct tl_fact fact = {.kind = TL_FACT_CLOCK_HERE,
                                 .place = TL_PLACE_HERE,
                                 .source = TL_SOURCE_NETWORK,
                                 .holds = right,
                                 .object = run->machine->workstation->fqdn,
                                 .attribute = sentence};

    tl_facts_add(run->facts, &fact);
}

/* The clock, of the own domain, with which all that differ from this machine's agree;
 * NULL: they do not. The user's domain alone cannot make this machine's clock a wrong
 * one. */
static const struct tli_clock *common_clock(const struct run *run)
{
    const struct tli_clock *own = NULL;

    for (size_t i = 0; i < run->num_clocks; i++)
        if (!agrees(&run->clocks[i]) && run->clocks[i].place == TL_PLACE_OWN)
            own = &run->clocks[i];
    for (size_t i = 0; i < run->num_clocks && own != NULL; i++) {
        const struct tli_clock *clock = &run->clocks[i];
        int64_t apart = (clock->here - clock->there) - (own->here - own->there);

        if (!agrees(clock) && (apart > SKEW_ALLOWED_S || apart < -SKEW_ALLOWED_S))
            return NULL;
    }
    return own;
}

static void judge(struct run *run, const struct tli_clock *clock, bool here_is_right)
{
    int64_t off = clock->here - clock->there;
    char *sentence;

    if (agrees(clock)) {
        tli_found_ok(run, "clock", clock->host, "the clocks differ by %lld s",
                     (long long)(off < 0 ? -off : off));
        return;
    }
    sentence = tl_clock_sentence(run->diag, clock->here, clock->there, clock->host);
    if (here_is_right)
        note_dc(run, clock, sentence);
    tli_found(run, "clock", clock->host, TL_FINDING_FAILED,
              here_is_right ? TL_REASON_CLOCK_DC : TL_REASON_CLOCK_SKEW,
              here_is_right ? clock->host : NULL, here_is_right ? sentence : NULL, "%s",
              sentence != NULL ? sentence : "");
}

void tli_check_clocks(struct run *run)
{
    size_t with_us = 1 + agreeing(run), against = run->num_clocks + 1 - with_us;
    bool here_is_right = with_us > against;
    const struct tli_clock *clock;

    if (run->num_clocks == 0) {
        tli_left_out(run, TL_AREA_NOT_LOOKED, "no domain controller sent its time");
        return;
    }
    clock = with_us < against ? common_clock(run) : NULL;
    if (here_is_right)
        note_here(run, true, NULL);
    else if (clock != NULL)
        note_here(run, false,
                  tl_clock_sentence(run->diag, clock->here, clock->there, clock->host));
    for (size_t i = 0; i < run->num_clocks; i++) {
        judge(run, &run->clocks[i], here_is_right);
        tli_found_at(run, run->clocks[i].address);
    }
}
