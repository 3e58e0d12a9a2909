#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the NSS module needs of libc: no environment, no locks, no keys, no constructors."""
import re
import subprocess
import sys

ALLOWED = """
__clock_gettime clock_gettime __errno_location close connect fcntl fcntl64 fstat fstat64
getsockopt memchr bcmp memcmp memcpy memset mmap mmap64 munmap open open64 poll
pthread_setcancelstate read realloc recvmsg send setsockopt socket strchr strcmp strlen strncmp strnlen strpbrk wmemchr
__stack_chk_fail __memcpy_chk __memset_chk __poll_chk __open_2 __open64_2
__cxa_finalize __gmon_start__ _ITM_deregisterTMCloneTable _ITM_registerTMCloneTable
""".split()
# bcmp: what clang makes of a memcmp() of which only equality is asked.
OF_THE_COMPILER = re.compile(r"__(asan|ubsan|sanitizer|tsan|msan|llvm|gcov|sancov)_")


def main():
    module = sys.argv[1]
    symbols = subprocess.run(["nm", "-D", "--undefined-only", module], capture_output=True,
                             text=True, check=True).stdout
    names = [line.split()[-1].split("@")[0] for line in symbols.splitlines()]
    strange = sorted(n for n in names if n not in ALLOWED and not OF_THE_COMPILER.match(n))
    libraries = re.findall(r"NEEDED.*\[(.*)\]", subprocess.run(
        ["readelf", "-d", module], capture_output=True, text=True, check=True).stdout)
    foreign = [x for x in libraries if not re.match(r"lib(c|asan|ubsan)\.so", x)]
    print(f"{len(names)} imports of {libraries}; not expected: {strange + foreign}")
    return 1 if strange or foreign or "socket" not in names else 0


if __name__ == "__main__":
    sys.exit(main())
