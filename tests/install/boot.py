"""A machine that boots, without a machine.

Systemd as the first process in a container, and little else.
"""

import atexit
import subprocess
from pathlib import Path

from tests.install.container import DYING, ROOT, Container
from tests.patience import SECONDS, wait_until

# Nothing that systemd would do to a real machine's devices and kernel is left to it, nor may it.
BOOT = f"""
set -e
cd {ROOT}
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do
    touch dev/$name
    mount --bind /dev/$name dev/$name
done
touch dev/console
mount --bind /dev/null dev/console
mkdir dev/shm
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=1777 tmpfs dev/shm
for each in run tmp; do mount -t tmpfs -o mode=1777 tmpfs $each; done
rm -rf lib/systemd/system/*.target.wants etc/systemd/system/*.wants
mkdir -p outside
pivot_root . outside
umount --lazy /outside
exec env -i container=lxc PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --system \\
    --unit=basic.target --log-target=null --show-status=no
"""


class Machine:
    """A container's root with systemd running. Ends with `end`, or with the tests."""

    def __init__(self, container: Container) -> None:
        namespaces = [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "--pid",
            "--fork",
            "--kill-child",
            "--cgroup",
            "--uts",
            "--ipc",
        ]
        self._process = subprocess.Popen(
            [*DYING, *container.inside(), "--net", *namespaces, "sh", "-c", BOOT],
            stdin=subprocess.DEVNULL,
        )
        atexit.register(self._process.kill)
        wait_until(self._is_booted, lambda: "systemd did not start")

    def _is_booted(self) -> bool:
        assert self._process.poll() is None, "systemd ended"
        return self.systemctl("is-active", "basic.target", expected=None) == "active"

    def systemctl(self, *arguments: str, expected: int | None = 0) -> str:
        """What it says; its exit status must be the expected one, if any is."""
        return self.run("systemctl", *arguments, expected=expected)

    def show(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.systemctl("show", "--value", f"--property={name}", unit)

    def run(self, *command: str, expected: int | None = 0) -> str:
        """Run a command on it as root; what it printed."""
        done = subprocess.run(
            [*self._inside(), "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin", *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * SECONDS,
        )
        assert expected in (None, done.returncode), (
            f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}"
        )
        return done.stdout.strip()

    def end(self) -> None:
        """Its first process ends, and all others with it."""
        self._process.kill()
        self._process.wait()

    def _inside(self) -> list[str]:
        children = (
            Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        )
        return ["nsenter", f"--target={children[0]}", "--all"] if children else ["false"]
