/* SPDX-License-Identifier: MIT
 *
 * A card for tests: a PKCS #11 module in front of SoftHSM's, which adds what real cards
 * do. Three wrong PINs in a row block it, it reports how near that is, and it can be out
 * of its reader. Everything is in /run/card: `present`, `wrong` (a digit per wrong PIN),
 * and `log`, a line for each PIN that was tried.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

#define MOST 3
#define SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST ours;

static void append(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, text, len) != (ssize_t)len)
        _exit(99); /* a test that counts wrongly is worse than none */
    close(fd);
}

static long wrong_ones(void)
{
    struct stat st;

    return stat("/run/card/wrong", &st) == 0 ? (long)st.st_size : 0;
}

static CK_RV slot_list(CK_BBOOL with_token, CK_SLOT_ID *list, CK_ULONG *count)
{
    if (access("/run/card/present", F_OK) == 0)
        return real->C_GetSlotList(with_token, list, count);
    *count = 0;
    return CKR_OK;
}

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    static const CK_FLAGS told[] = {0, CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY,
                                    CKF_USER_PIN_LOCKED};
    CK_RV rv = real->C_GetTokenInfo(slot, info);
    long wrong = wrong_ones();

    info->flags &=
        ~(CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED);
    info->flags |= told[wrong < MOST ? wrong : MOST];
    return rv;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin,
                   CK_ULONG len)
{
    CK_RV rv = wrong_ones() < MOST ? real->C_Login(session, user, pin, len)
                                   : (CK_RV)CKR_PIN_LOCKED;

    if (rv == CKR_PIN_INCORRECT)
        append("/run/card/wrong", "x", 1);
    else if (rv == CKR_OK)
        unlink("/run/card/wrong");
    if (rv == CKR_OK)
        append("/run/card/log", "right\n", 6);
    else
        append("/run/card/log", "wrong\n", 6);
    return rv;
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    static void *module; /* stays loaded as long as this one */
    CK_C_GetFunctionList get = NULL;

    module = dlopen(SOFTHSM, RTLD_NOW | RTLD_LOCAL);
    if (module != NULL)
        *(void **)&get = dlsym(module, "C_GetFunctionList");
    if (get == NULL || get(&real) != CKR_OK)
        return CKR_GENERAL_ERROR;
    ours = *real;
    ours.C_GetSlotList = slot_list;
    ours.C_GetTokenInfo = token_info;
    ours.C_Login = login;
    *list = &ours;
    return CKR_OK;
}
