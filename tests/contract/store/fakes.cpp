// The fakes this program needs; the library of all of them would draw in every module.
#include "support/fake/memory_files.cpp"
#include "support/fake/memory_store.cpp"
