"""A whole PostgreSQL server with pgvector (of the package pgserver) on a port of its own, until standard input ends.

    postgres_server.py FOLDER PASSWORD

It says its port in one line when it is ready. Who connects needs the password.
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import pgserver

folder, password = pathlib.Path(sys.argv[1]), sys.argv[2]
programs = pathlib.Path(pgserver.__file__).parent / "pginstall" / "bin"
# PostgreSQL refuses to run as root.
user = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}

data = folder / "data"
data.mkdir(mode=0o700)
secret = folder / "password"
secret.write_text(password)
if user:
    for path in (folder, data, secret):
        shutil.chown(path, **user)
    os.chmod(folder, 0o755)
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]

quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
initialise = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8"]
subprocess.run(initialise, check=True, **quiet, **user)
settings = ["-c", "fsync=off", "-c", f"unix_socket_directories={data}", "-c", "listen_addresses=127.0.0.1"]
server = subprocess.Popen([programs / "postgres", "-D", data, "-p", str(port), *settings], **quiet, **user)
try:
    while subprocess.run([programs / "pg_isready", "-h", "127.0.0.1", "-p", str(port)], **quiet).returncode != 0:
        if server.poll() is not None:
            sys.exit("PostgreSQL did not start.")
        time.sleep(0.05)
    print(port, flush=True)
    sys.stdin.read()
finally:
    server.send_signal(signal.SIGINT)
    server.wait()
