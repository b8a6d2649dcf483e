import { Converter, ReflectionKind } from 'typedoc';

/** TypeDoc leaves the type of `@throws {TimeoutError}` out: it is put before what the tag says. */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const { comment } of project.getReflectionsByKind(ReflectionKind.All)) {
      for (const tag of comment?.blockTags ?? []) {
        if (tag.tag !== '@throws' || tag.typeAnnotation === undefined) continue;
        const type = tag.typeAnnotation.replaceAll(/^\{|\}$/g, '');
        tag.content.unshift({ kind: 'code', text: `\`${type}\`` }, { kind: 'text', text: ' ' });
        tag.typeAnnotation = undefined;
      }
    }
  });
}
