"""The recipe for Conan 2: `conan create ffi/conan`. Needs Rust 1.88 or later, CMake and Python."""

import os
from typing import ClassVar

from conan.errors import ConanInvalidConfiguration
from conan.tools.build import cross_building
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rm, rmdir

from conan import ConanFile

MACHINES = {"x86_64": "x86_64", "armv8": "aarch64", "armv7hf": "armv7", "s390x": "s390x", "riscv64": "riscv64gc"}
"""The processors of Conan, as Rust names them."""


class Sansock(ConanFile):
    """WebSocket without the socket, as a shared or a static library."""

    name = "sansock"
    description = "A strict WebSocket engine that does no I/O (RFC 6455, RFC 7692)"
    license = "MIT OR Apache-2.0"
    homepage = "https://github.com/sansock/sansock"
    url = "https://github.com/sansock/sansock"
    topics = ("websocket", "sans-io", "rfc6455", "network")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options: ClassVar = {"shared": [True, False], "fPIC": [True], "deflate": [True, False]}
    default_options: ClassVar = {"shared": False, "fPIC": True, "deflate": True}

    @property
    def _root(self):
        return os.path.join(self.recipe_folder, os.pardir, os.pardir)

    def set_version(self):
        """That of the crates."""
        lines = load(self, os.path.join(self._root, "Cargo.toml")).splitlines()
        self.version = next(line.split('"')[1] for line in lines if line.startswith("version = "))

    def export_sources(self):
        """The crates of the library only, with a lock file that has no others."""
        trim = os.path.join(self._root, "ffi", "install", "trim")
        self.run(f'"{trim}" "{self._root}" "{self.export_sources_folder}"')
        for name in ("CMakeLists.txt", "LICENSE-*", "SECURITY.md"):
            copy(self, name, self._root, self.export_sources_folder)
        self.run("cargo metadata --format-version=1 >lock.json", cwd=self.export_sources_folder)
        rm(self, "lock.json", self.export_sources_folder)

    def configure(self):
        """Nothing depends on the library of C++."""
        self.settings.rm_safe("compiler.cppstd")
        self.settings.rm_safe("compiler.libcxx")

    def validate(self):
        """What CMake can install."""
        if self.settings.os not in ("Linux", "Macos", "FreeBSD"):
            raise ConanInvalidConfiguration("this recipe is for Linux, macOS and FreeBSD")

    def layout(self):
        """The usual one."""
        cmake_layout(self)

    def generate(self):
        """What CMakeLists.txt is told."""
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["SANSOCK_DEFLATE"] = bool(self.options.deflate)
        if cross_building(self):
            toolchain.cache_variables["SANSOCK_CARGO_TARGET"] = self._target()
        toolchain.user_presets_path = False
        toolchain.generate()

    def _target(self):
        machine = MACHINES.get(str(self.settings.arch))
        if machine is None:
            raise ConanInvalidConfiguration(f"no Rust target is known for {self.settings.arch}")
        if self.settings.os == "Macos":
            return f"{machine}-apple-darwin"
        system = "freebsd" if self.settings.os == "FreeBSD" else "linux-gnu"
        return f"{machine}-unknown-{system}" + ("eabihf" if machine == "armv7" else "")

    def build(self):
        """Cargo builds in release mode whatever the build type is."""
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        """What make install gives, with one of the libraries."""
        copy(self, "LICENSE-*", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        libraries = os.path.join(self.package_folder, "lib")
        for folder in ("cmake", "pkgconfig"):
            rmdir(self, os.path.join(libraries, folder))
        rmdir(self, os.path.join(self.package_folder, "share"))
        if self.options.shared:
            rm(self, "*.a", libraries)
        else:
            for pattern in ("*.so*", "*.dylib"):
                rm(self, pattern, libraries)

    def package_id(self):
        """One package for all compilers: it is C."""
        del self.info.settings.compiler
        del self.info.settings.build_type

    def package_info(self):
        """The names that the installed package has too."""
        kind = "shared" if self.options.shared else "static"
        self.cpp_info.libs = ["sansock"]
        self.cpp_info.set_property("cmake_target_name", f"sansock::{kind}")
        self.cpp_info.set_property("pkg_config_name", "sansock")
        if not self.options.shared:
            if self.settings.os == "Macos":
                self.cpp_info.frameworks = ["Security", "CoreFoundation"]
            else:
                self.cpp_info.system_libs = ["pthread", "dl", "m"]
