"""A SLURM of one node, with accounting, out of Debian's packages, in a folder of its own; needs root.

apt-get install slurm-wlm slurmdbd munge mariadb-server-core mariadb-client-core
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PROGRAMS = ("munged", "mariadbd", "mariadb-install-db", "slurmdbd", "slurmctld", "slurmd", "sbatch", "sacct")
SBIN = "/usr/sbin:/sbin"

CONF = """
ClusterName=rnnlab
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort={ctld}
SlurmdPort={d}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=1,sched_interval=5
ReturnToService=2
MpiDefault=none
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={dbd}
AccountingStoragePass={folder}/munge.socket
JobAcctGatherType=jobacct_gather/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
DBD_CONF = """
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={dbd}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={sql}
StorageUser=root
StorageLoc=slurm
PidFile={folder}/slurmdbd.pid
LogFile={folder}/slurmdbd.log
"""


def missing_programs() -> list[str]:
    """Returns what of SLURM is not installed."""
    return [name for name in PROGRAMS if shutil.which(name, path=f"{os.environ['PATH']}:{SBIN}") is None]


@contextmanager
def slurm(folder: Path) -> Iterator[dict[str, str]]:
    """Runs it as long as the block lasts; yields the environment in which its commands find it."""
    host = socket.gethostname().partition(".")[0]
    ports = dict(zip(("ctld", "d", "dbd", "sql"), _free_ports(4), strict=True))
    values = {"folder": folder, "host": host, "cores": os.cpu_count(), **ports}
    (folder / "slurm.conf").write_text(CONF.format(**values))
    (folder / "slurmdbd.conf").write_text(DBD_CONF.format(**values))
    (folder / "slurmdbd.conf").chmod(0o600)
    for name in ("state", "spool", "sql"):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o400)
    environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
    environment["PATH"] += f":{SBIN}"
    sql = ["--no-defaults", "--user=root", f"--datadir={folder}/sql"]
    with ExitStack() as stack:

        def daemon(*words: str) -> None:
            with (folder / f"{Path(words[0]).name}.out").open("w") as out:
                process = subprocess.Popen(words, env=environment, stdout=out, stderr=out)
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)

        pid = f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log"
        daemon(
            *("munged", "--foreground", "--force", f"--socket={folder}/munge.socket", *pid),
            *(f"--key-file={folder}/munge.key", f"--seed-file={folder}/munge.seed"),
        )
        with (folder / "install.out").open("w") as out:
            words = ["mariadb-install-db", *sql, "--auth-root-authentication-method=normal"]
            subprocess.run(words, check=True, env=environment, stdout=out, stderr=out)
        address = f"--port={ports['sql']}", "--bind-address=127.0.0.1", f"--socket={folder}/sql.socket"
        daemon("mariadbd", *sql, *address, f"--pid-file={folder}/mariadbd.pid")
        _wait_for_port(ports["sql"])
        daemon("slurmdbd", "-D")
        _wait_for_port(ports["dbd"])
        daemon("slurmctld", "-D")
        _wait_for_port(ports["ctld"])
        daemon("slurmd", "-D", "-N", host)
        _wait_for(["sinfo", "--noheader", "--format=%T"], "idle", environment)
        yield environment


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _wait_for_port(port: int) -> None:
    end = time.monotonic() + 90
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < end, f"nothing listens at {port}"
            time.sleep(0.2)


def _wait_for(words: list[str], text: str, environment: dict[str, str]) -> None:
    end, said = time.monotonic() + 120, ""
    while text not in said:
        assert time.monotonic() < end, f"{words[0]} says {said!r}"
        time.sleep(0.5)
        done = subprocess.run(words, env=environment, capture_output=True, text=True)
        said = done.stdout + done.stderr
