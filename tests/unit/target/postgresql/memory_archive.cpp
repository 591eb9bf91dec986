// The contract tests' archive in memory; it belongs to their program, this one needs it too.
#include "contract/target/memory_archive.cpp"
