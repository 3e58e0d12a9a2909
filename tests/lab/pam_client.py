# SPDX-License-Identifier: MIT
"""A PAM application: one handle, any steps, and the PAM environment after each of them,
which pamtester does not show; nor does it know PAM_DELETE_CRED.

    python3 -I pam_client.py SERVICE USER VARIABLES STEP...    (password on stdin)
    python3 -I pam_client.py SERVICE

VARIABLES is a JSON list of "NAME=VALUE". Prints a JSON list of [step, code, environment].

With a service alone it logs on one [user, password] after the other, each a line of JSON on
standard input, and prints [code, what was shown, seconds] for each. Behind the password there
may be steps; otherwise it authenticates. A list of such lists is of logons that are to happen
at once, each in a process of its own: it prints a list of as many answers. At "self" it
prints [KiB of memory that are its own, open descriptors].
"""
import ctypes
import json
import os
import sys
import time

FLAGS = {"establish": 2, "delete": 4, "reinitialize": 8, "refresh": 16}
CALLS = {"authenticate": "pam_authenticate", "account": "pam_acct_mgmt",
         "open": "pam_open_session", "close": "pam_close_session"}


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


TALK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(Message)),
                        ctypes.POINTER(ctypes.POINTER(Response)), ctypes.c_void_p)


class Conversation(ctypes.Structure):
    _fields_ = [("talk", TALK), ("data", ctypes.c_void_p)]


libc = ctypes.CDLL(None)
libc.calloc.restype = ctypes.c_void_p
libc.strdup.restype = ctypes.c_void_p
pam = ctypes.CDLL("libpam.so.0")
pam.pam_getenvlist.restype = ctypes.POINTER(ctypes.c_char_p)
said = {"password": b"", "shown": []}


@TALK
def talk(count, messages, responses, _):
    made = ctypes.cast(libc.calloc(count, ctypes.sizeof(Response)), ctypes.POINTER(Response))
    for i in range(count):
        if messages[i].contents.style in (1, 2):  # PAM_PROMPT_ECHO_OFF and _ON
            made[i].text = libc.strdup(said["password"])
        else:
            said["shown"].append(messages[i].contents.text.decode("utf-8", "backslashreplace"))
    responses[0] = made
    return 0


def begin(service, user):
    handle, conversation = ctypes.c_void_p(), Conversation(talk, None)
    pam.pam_start(service.encode(), user.encode("utf-8", "surrogateescape"),
                  ctypes.byref(conversation), ctypes.byref(handle))
    return handle, conversation  # libpam keeps a pointer into the latter


def environment(handle):
    listed, found = pam.pam_getenvlist(handle), []
    while listed[len(found)]:
        found.append(listed[len(found)].decode())
    return dict(one.split("=", 1) for one in found)


def call(handle, step):
    return (pam.pam_setcred(handle, FLAGS[step]) if step in FLAGS
            else getattr(pam, CALLS[step])(handle, 0))


def steps(service, user, variables, *wanted):
    said["password"] = sys.stdin.readline().rstrip("\n").encode()
    (handle, _kept), done = begin(service, user), []
    for variable in json.loads(variables):
        pam.pam_putenv(handle, variable.encode())
    for step in wanted:
        code = call(handle, step)
        done.append((step, code, environment(handle)))
        if code != 0:
            break
    pam.pam_end(handle, done[-1][1])
    print(json.dumps(done))


def one(service, user, password, *wanted):
    said["password"], said["shown"] = password.encode(), []
    handle, _kept = begin(service, user)
    started = time.monotonic()
    for step in wanted or ("authenticate",):
        code = call(handle, step)
        if code != 0:
            break
    seconds = time.monotonic() - started
    pam.pam_end(handle, code)
    return code, said["shown"], seconds


def together(service, logons):
    held, go = os.pipe()
    answers = []
    for logon in logons:
        answer, told = os.pipe()
        if os.fork() == 0:
            os.close(go)
            os.read(held, 1)  # until all are there, and the other end is closed
            os.write(told, json.dumps(one(service, *logon)).encode())
            os._exit(0)
        os.close(told)
        answers.append(answer)
    os.close(go)
    os.close(held)
    got = []
    for answer in answers:
        with open(answer, encoding="utf-8") as file:
            got.append(json.load(file))
        os.wait()
    return got


def itself():
    with open("/proc/self/status", encoding="utf-8") as file:
        own = next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))
    return own, len(os.listdir("/proc/self/fd"))


def many(service):
    for line in sys.stdin:
        wanted = json.loads(line)
        if wanted == "self":
            done = itself()
        elif isinstance(wanted[0], list):
            done = together(service, wanted)
        else:
            done = one(service, *wanted)
        print(json.dumps(done), flush=True)


steps(*sys.argv[1:]) if len(sys.argv) > 2 else many(sys.argv[1])
