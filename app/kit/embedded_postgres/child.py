"""Replaces itself by a PostgreSQL program: drops rights, ends with the parent, executes. Run by its path.

Instead of a `preexec_fn`: nothing of ours runs between fork and exec, so locks held by other threads of the
parent cannot hang it. Arguments: parent pid, uid and gid (-1 keeps them), the signal the program gets when
the parent's main thread dies, the folder to work in, the program, its arguments.
"""

import ctypes
import os
import sys

RIGHTS_KEPT = 123  # exit codes, above those of PostgreSQL's programs and below the shell's
PARENT_GONE = 124
FOLDER_CLOSED = 125
PROGRAM_CLOSED = 126
# PGDATA, PGPORT and their kin in a person's shell would steer the server.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
PR_SET_PDEATHSIG = 1


def _become(parent: int, uid: int, gid: int, signal_number: int, folder: str, command: list[str]) -> None:
    if uid >= 0:
        _drop_to(uid, gid)
    if sys.platform == "linux":  # after setuid: a change of rights clears the death signal
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
        if os.getppid() != parent:  # the parent ended before the signal was set, so it would never be sent
            sys.exit(PARENT_GONE)
    os.umask(0o077)
    try:
        os.chdir(folder)
    except OSError as error:
        sys.stderr.write(f"{folder}: {error.strerror}\n")
        sys.exit(FOLDER_CLOSED)
    try:
        os.execve(command[0], command, ENVIRONMENT)  # noqa: S606 - our own list of words, no shell
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.exit(PROGRAM_CLOSED)


def _drop_to(uid: int, gid: int) -> None:
    try:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    except OSError as error:
        sys.stderr.write(f"cannot become uid {uid}: {error.strerror}\n")
        sys.exit(RIGHTS_KEPT)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:5]]
    _become(numbers[0], numbers[1], numbers[2], numbers[3], sys.argv[5], sys.argv[6:])
