# cmake -DINPUT=manifest.toml -DOUTPUT=built_in_text.cpp -P embed_text.cmake
file(READ "${INPUT}" text)
file(WRITE "${OUTPUT}" "#include \"built_in_text.h\"

namespace maitred {

const std::string_view kBuiltInManifest = R\"manifest(${text})manifest\";

}  // namespace maitred
")
