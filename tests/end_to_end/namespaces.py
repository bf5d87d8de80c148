"""Mounts and networks that only the processes of one test see."""

import subprocess

import pytest


def unshared(kind):
    """A command's beginning that gives it such a namespace and root's rights in it: --mount or --net."""
    refusals = []
    for beginning in (["unshare", kind], ["unshare", "--user", "--map-root-user", kind]):
        done = subprocess.run([*beginning, "true"], capture_output=True, text=True)
        if done.returncode == 0:
            return beginning
        refusals.append(done.stderr.strip())
    pytest.skip(
        f"needs a {kind[2:]} namespace: run as root with CAP_SYS_ADMIN, or where users may make namespaces "
        f"(user.max_user_namespaces above 0, no filter of system calls against it): {'; '.join(refusals)}"
    )
