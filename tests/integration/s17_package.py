"""The Debian package: what it holds, and its life on a bare Debian.

The second part makes a clean Debian with debootstrap (root and the Debian archive needed) and takes
minutes: MAITRED_DEBIAN=FOLDER runs it and keeps the bare system there for the next time.
"""

import re
import stat

from shop import *

BUILD = BIN.parent
VERSION = re.search(r"project\(maitred VERSION ([\d.]+)", (SOURCE / "CMakeLists.txt").read_text())[1]
DEBIAN = os.environ.get("MAITRED_DEBIAN")


def tool(*words, status=0, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          timeout=900, **options)
    if status is not None and done.returncode != status:
        raise AssertionError(f"{words}: status {done.returncode}: {done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def make_package(folder):
    tool("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", folder)
    package, = folder.glob(f"maitred_{VERSION}_*.deb")
    return package


@unittest.skipUnless(shutil.which("dpkg-shlibdeps"), "skipped: no dpkg-dev")
class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="maitred-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.package = make_package(cls.folder)
        cls.root = cls.folder / "root"
        tool("dpkg-deb", "-R", cls.package, cls.root)

    def test_every_file_is_in_its_place(self):
        for name in ("usr/bin/maitred", "usr/bin/maitred-eye", "usr/bin/maitredctl",
                     "etc/maitred/maitred.toml", "usr/lib/systemd/system/maitred.service",
                     "usr/lib/systemd/system/maitred.socket",
                     "usr/lib/systemd/system/maitred-eye@.service",
                     "usr/lib/systemd/system/maitred-photo.socket",
                     "usr/lib/systemd/system/maitred-photo@.service",
                     "usr/share/man/man1/maitred.1.gz", "usr/share/man/man1/maitred-eye.1.gz",
                     "usr/share/man/man1/maitredctl.1.gz", "usr/share/man/man5/maitred.toml.5.gz",
                     "usr/share/bash-completion/completions/maitredctl",
                     "usr/share/zsh/vendor-completions/_maitredctl",
                     "usr/share/doc/maitred/copyright",
                     "usr/share/doc/maitred/README.md",
                     "usr/share/doc/maitred/config/README.md",
                     "usr/share/doc/maitred/systemd/README.md",
                     "usr/share/doc/maitred/src/doors/staff/PROTOCOL.md",
                     "usr/share/doc/maitred/tests/golden/board-phone.png",
                     "usr/share/doc/maitred/third-party-notices.gz"):
            self.assertTrue((self.root / name).is_file(), name)
        self.assertEqual((self.root / "DEBIAN/conffiles").read_text(), "/etc/maitred/maitred.toml\n")

    def test_units_name_the_programs_where_they_are(self):
        for unit in (self.root / "usr/lib/systemd/system").glob("*.service"):
            program = re.search(r"^ExecStart=(\S+)", unit.read_text(), re.MULTILINE)[1]
            self.assertTrue((self.root / program.lstrip("/")).stat().st_mode & stat.S_IXUSR, unit)

    def test_it_depends_on_what_the_programs_load(self):
        control = (self.root / "DEBIAN/control").read_text()
        for name in ("libsqlite3-0", "libsodium23", "libopencv-core406", "libdnnl2", "libpaho-mqttpp3-1",
                     "adduser"):
            self.assertIn(name, control)

    def test_manual_pages_name_every_verb_and_key(self):
        def page(name):
            return subprocess.run(["zcat", self.root / "usr/share/man" / name], check=True,
                                  capture_output=True, text=True).stdout.replace("\\-", "-")

        manual = page("man1/maitredctl.1.gz")
        verbs = re.findall(r"^  ([a-z]+) {2,}",
                           tool(BIN / "maitredctl", "--help").split("Subcommands:")[1], re.MULTILINE)
        self.assertGreater(len(verbs), 20)
        for verb in verbs:
            self.assertIn(f"\n.SS {verb}\n", manual)
        keys = re.findall(r"^([a-z_]+) =", (SOURCE / "config/maitred.toml").read_text(),
                          re.MULTILINE)
        configuration = page("man5/maitred.toml.5.gz")
        for key in keys:
            self.assertIn(f"\\fB{key} = ", configuration)
        if shutil.which("groff"):
            for name in sorted((self.root / "usr/share/man").rglob("*.gz")):
                text = subprocess.run(["zcat", name], check=True, capture_output=True).stdout
                done = subprocess.run(["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-z"],
                                      input=text, capture_output=True)
                self.assertEqual(done.stderr.decode(), "", name)

    def test_completion_knows_verbs_options_and_cameras(self):
        script = self.root / "usr/share/bash-completion/completions/maitredctl"
        config = self.folder / "two.toml"
        config.write_text('[[camera]]\nname = "door"\nsource = "a.avi"\n'
                          '[[camera]]\nname = "till"\nsource = "b.avi"\n[log]\nlevel = "info"\n')

        def complete(*words):
            program = BIN / words[0]
            quoted = " ".join(f"'{word}'" for word in (program, *words[1:]))
            out = tool("bash", "-c", f"source {script}; COMP_WORDS=({quoted}); "
                       f"COMP_CWORD={len(words) - 1}; _maitred; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
            return out.split()

        self.assertIn("doctor", complete("maitredctl", "do"))
        self.assertLessEqual({"add", "revoke", "list"}, set(complete("maitredctl", "staff", "")))
        self.assertIn("--consent-version", complete("maitredctl", "enroll", "--con"))
        self.assertIn("--json", complete("maitredctl", "list", "--j"))
        self.assertEqual(complete("maitred-eye", "-c", str(config), ""), ["door", "till"])
        self.assertIn("--spawn-eyes", complete("maitred", "--sp"))


@unittest.skipUnless(DEBIAN and os.geteuid() == 0 and shutil.which("debootstrap"),
                     "skipped: MAITRED_DEBIAN=FOLDER, root and debootstrap make a clean Debian")
class CleanDebian(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(DEBIAN).resolve()
        self.root = folder / "root"
        bare = folder / "bare.tar"
        folder.mkdir(parents=True, exist_ok=True)
        self.unmount()
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir()
        if not bare.exists():
            tool("debootstrap", "--variant=minbase", "bookworm", self.root)
            tool("tar", "-C", self.root, "-cf", bare, ".")
        else:
            tool("tar", "-C", self.root, "-xf", bare)
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        tool("mount", "-t", "proc", "proc", self.root / "proc")
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        self.addCleanup(self.unmount)
        self.children = []
        self.addCleanup(self.end_children)
        shutil.copy(make_package(folder), self.root / "root")

    def unmount(self):
        subprocess.run(["umount", "-q", self.root / "proc"], stderr=subprocess.DEVNULL)

    def end_children(self):
        for child in self.children:
            child.terminate()
            child.wait(10)

    def run_in(self, *words, user=None, **options):
        as_user = ["runuser", "-u", user, "--"] if user else []
        return tool("chroot", self.root, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                    "DEBIAN_FRONTEND=noninteractive", *as_user, *words, **options)

    def apt(self, *words):
        return self.run_in("apt-get", "-y", "-q", "-o", "Dpkg::Use-Pty=0",
                           "-o", "APT::Install-Recommends=0", *words)

    def ctl(self, *words, **options):
        return json.loads(self.run_in("maitredctl", "--json", *words, user="maitred", **options))

    def start(self, *words):
        child = subprocess.Popen(["chroot", self.root, "runuser", "-u", "maitred", "--", *words],
                                 stdout=open(self.root / "root/log", "ab"), stderr=subprocess.STDOUT)
        self.children.append(child)
        return child

    def repack(self, version):
        """The same package with another version, as an upgrade."""
        source, = (self.root / "root").glob("maitred_*.deb")
        tree = self.root / "root/tree"
        tool("dpkg-deb", "-R", source, tree)
        control = tree / "DEBIAN/control"
        control.write_text(re.sub(r"(?m)^Version: .*", f"Version: {version}", control.read_text()))
        name = f"maitred_{version}_amd64.deb"
        tool("dpkg-deb", "-b", tree, self.root / "root" / name)
        shutil.rmtree(tree)
        return f"/root/{name}"

    def test_from_a_bare_debian_to_an_alert_and_away_again(self):
        began = time.monotonic()
        self.apt("update")
        deb, = (self.root / "root").glob("maitred_*.deb")
        # libdlib-data is for engine demo only: the test's people are drawn.
        said = self.apt("install", f"./root/{deb.name}", "libdlib-data")
        for step in ("maitredctl setup", "maitredctl init", "systemctl enable --now"):
            self.assertIn(step, said)

        # The steps, with a film for a camera.
        path, truth = film()
        drawn = self.root / "srv/drawn"
        drawn.mkdir()
        shutil.copy(path, drawn / "film.avi")
        self.run_in("maitredctl", "setup", "--yes", "--source", "/srv/drawn/film.avi")
        config = self.root / "etc/maitred/maitred.toml"
        self.run_in("mv", "/etc/maitred/maitred.toml.new", "/etc/maitred/maitred.toml")
        config.write_text(config.read_text().replace('engine = "retail"', 'engine = "demo"'))
        self.run_in("maitredctl", "init", user="maitred")
        for member in truth["enroll"]:
            shutil.copy(portrait_of_member(member), drawn / f"{member}.png")
            self.ctl("enroll", "--name", member, "--photo", f"/srv/drawn/{member}.png",
                     "--consent-version", "v1", "--consent-ref", "form 1", "--allow-duplicate")
        self.run_in("install", "-d", "-o", "maitred", "/run/maitred")
        self.start("maitred", "--spawn-eyes")
        watched = self.run_in("maitredctl", "--json", "watch", "--count", "1", "--seconds", "120",
                              user="maitred")
        self.assertEqual(json.loads(watched.splitlines()[0])["type"], "alert")
        print(f"a bare Debian gave its first alert after {time.monotonic() - began:.0f} s",
              file=sys.stderr)
        # The core rotates its key while it runs; what is root's in that folder it cannot take away.
        self.assertEqual(self.ctl("key", "rotate")["customers"], len(truth["enroll"]))
        self.run_in("mv", "/etc/maitred/maitred.toml", "/etc/maitred/mine", user="maitred", status=1)
        self.assertIn("ReadWritePaths=-/etc/maitred\n",
                      (self.root / "usr/lib/systemd/system/maitred.service").read_text())
        report = json.loads(self.run_in("maitredctl", "--json", "doctor", status=None))
        wrong = [one for one in report["findings"] if one["verdict"] == "fault"]
        self.assertEqual(wrong, [])
        self.end_children()
        self.children.clear()
        customers = self.ctl("list")["customers"]
        self.assertEqual(len(customers), len(truth["enroll"]))

        # An upgrade keeps the configuration and the store.
        before = config.read_text()
        self.apt("install", self.repack(f"{VERSION}.1"))
        self.assertEqual(config.read_text(), before)
        self.assertEqual(self.ctl("list")["customers"], customers)

        # So does removal.
        self.assertIn("Kept", self.apt("remove", "maitred"))
        self.assertFalse((self.root / "usr/bin/maitred").exists())
        for kept in ("var/lib/maitred/store.db", "etc/maitred/store.key",
                     "etc/maitred/maitred.toml"):
            self.assertTrue((self.root / kept).exists(), kept)
        again = self.apt("install", f"./root/{deb.name}")
        self.assertEqual(self.ctl("list")["customers"], customers)
        self.assertEqual(config.read_text(), before, again)

        # A purge says what it deletes, and leaves nothing.
        said = self.apt("purge", "maitred")
        self.assertIn("deleted /var/lib/maitred/store.db", said)
        self.assertIn("deleted /etc/maitred/store.key", said)
        for gone in ("var/lib/maitred", "etc/maitred", "usr/bin/maitred", "usr/share/doc/maitred"):
            self.assertFalse((self.root / gone).exists(), gone)
        self.assertNotIn("maitred", (self.root / "etc/passwd").read_text())


if __name__ == "__main__":
    run_tests()
