# cmake -DINPUT=maitred.toml -DOUTPUT=shipped_text.cpp -P embed_shipped.cmake
file(READ "${INPUT}" text)
file(WRITE "${OUTPUT}" "#include \"shipped_text.h\"

namespace maitred {

std::string_view shipped_text() { return R\"shipped(${text})shipped\"; }

}  // namespace maitred
")
