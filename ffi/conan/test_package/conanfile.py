"""Builds a program with the package, and runs it."""

import os

from conan.errors import ConanException
from conan.tools.build import can_run
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout

from conan import ConanFile


class SansockTest(ConanFile):
    """The programs of the README."""

    settings = "os", "arch", "compiler", "build_type"
    generators = ("CMakeDeps",)

    def requirements(self):
        """The package under test."""
        self.requires(self.tested_reference_str)

    def layout(self):
        """The usual one."""
        cmake_layout(self)

    def generate(self):
        """The target has the name of the kind of library."""
        toolchain = CMakeToolchain(self)
        shared = self.dependencies["sansock"].options.shared
        toolchain.cache_variables["SANSOCK_KIND"] = "shared" if shared else "static"
        toolchain.user_presets_path = False
        toolchain.generate()

    def build(self):
        """In C and in C++."""
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def test(self):
        """Each must print what the README says."""
        if not can_run(self):
            return
        for name, prints in (("readme-c", "HTTP/1.1 101 Switching Protocols"), ("readme-cpp", "hello")):
            output = os.path.join(self.build_folder, f"{name}.txt")
            self.run(f'"{os.path.join(self.cpp.build.bindir, name)}" >"{output}"', env="conanrun")
            with open(output, encoding="utf-8", errors="replace") as file:
                if prints not in file.read():
                    raise ConanException(f"{name} does not print {prints}")
