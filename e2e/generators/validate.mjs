// What swagger-parser has to say of a document: nothing, when it is valid.
import SwaggerParser from "@apidevtools/swagger-parser";

await SwaggerParser.validate(process.argv[2]);
