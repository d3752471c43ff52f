"""What a container is, without Docker.

A root of its own over this machine's, and a network of its own.

The root is an overlay: this machine's system below, without Node and with this Python where the
images of Python have theirs; what is written lies in memory and goes with the container.
"""

import atexit
import subprocess
import sys
from pathlib import Path

from tests.patience import wait_until

ROOT = "/mnt/root"
MAKE = f"""
set -e
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work {ROOT}
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work {ROOT}
mount --rbind /dev {ROOT}/dev
mount -t proc proc {ROOT}/proc
mount -t tmpfs tmpfs {ROOT}/tmp
if [ "$1" = /usr ]; then
    ln -sf /usr/bin/python3 {ROOT}/usr/local/bin/python
else
    mount --bind "$1" {ROOT}/usr/local
fi
[ "$2" = node ] || rm -f {ROOT}/usr/bin/node {ROOT}/usr/bin/npm {ROOT}/usr/bin/npx
chroot {ROOT} ldconfig
ip link set lo up
touch /mnt/ready
exec sleep infinity
"""
NOBODY = ["--clear-groups", "--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs"]
DYING = ["setpriv", "--pdeathsig", "KILL"]
"""Before a command line: it ends with the tests, however they end."""


class Container:
    """Runs commands of an image. Ends with `end`, or with the tests."""

    def __init__(self, *, node: bool = False) -> None:
        self._holder = subprocess.Popen(
            [
                *DYING,
                "unshare",
                "--mount",
                "--net",
                "sh",
                "-c",
                MAKE,
                "sh",
                sys.base_prefix,
                "node" if node else "",
            ],
            stdin=subprocess.DEVNULL,
        )
        atexit.register(self._holder.kill)
        ready = Path(f"/proc/{self._holder.pid}/root/mnt/ready")
        wait_until(lambda: ready.exists() or self._holder.poll() is not None)
        seen = ready.exists()
        assert seen, (
            "no container could be made; it takes root and the kernel's overlay file system"
        )

    @property
    def root(self) -> Path:
        """Its root, as seen from outside."""
        return Path(f"/proc/{self._holder.pid}/root{ROOT}")

    def mount(self, *arguments: str) -> None:
        """Mount something in it."""
        subprocess.run([*self.inside(), "mount", *arguments], check=True)

    def command(
        self, arguments: list[str], environment: dict[str, str], folder: str = "/", user: str = ""
    ) -> list[str]:
        """The command line that runs another in it.

        As root, who still has this machine's network, or as a user with neither that nor any
        capability.
        """
        uid, _, gid = user.partition(":")
        as_user = ["setpriv", "--reuid", uid, "--regid", gid, *NOBODY] if user else []
        pairs = [f"{name}={value}" for name, value in environment.items()]
        return [
            *self.inside(),
            *(["--net"] if user else []),
            "chroot",
            ROOT,
            *as_user,
            "/usr/bin/env",
            "-i",
            "-C",
            folder,
            *pairs,
            *arguments,
        ]

    def run(
        self,
        arguments: list[str],
        environment: dict[str, str],
        folder: str = "/",
        user: str = "",
        status: int = 0,
    ) -> str:
        """Run a command to its end and expect its exit status; what it printed."""
        done = subprocess.run(
            self.command(arguments, environment, folder, user),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == status, (
            f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
        )
        return done.stdout

    def end(self) -> None:
        """All of it goes."""
        self._holder.kill()
        self._holder.wait()

    def inside(self) -> list[str]:
        """The command line that runs another where its mounts are."""
        return ["nsenter", f"--target={self._holder.pid}", "--mount"]
