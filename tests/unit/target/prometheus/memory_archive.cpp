// Shared with the contract's program.
#include "contract/target/memory_archive.cpp"
