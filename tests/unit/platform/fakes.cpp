// The fakes are tested here, beside what they stand for. They are compiled in, because the library
// of all fakes needs modules above this one.
#include "support/fake/manual_clock.cpp"
#include "support/fake/memory_files.cpp"
