// Typesets formulas by MathJax without a browser. Arguments: MathJax's folder, the address of its
// fonts. In: JSON, a list of [TeX, whether it is displayed]. Out: JSON, their HTML and its style.

const [mathjax, fontURL] = process.argv.slice(2);
const load = ["adaptors/liteDOM", "input/tex", "output/chtml", "a11y/assistive-mml"];

require(`${mathjax}/node-main.js`)
  .init({
    loader: { paths: { mathjax }, require, load, versionWarnings: false },
    startup: { typeset: false },
    chtml: { adaptiveCSS: true, fontURL },
  })
  .then(async (MathJax) => {
    const { adaptor } = MathJax.startup;
    const html = [];
    for (const [tex, display] of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
      html.push(adaptor.outerHTML(await MathJax.tex2chtmlPromise(tex, { display })));
    }
    const style = adaptor.textContent(MathJax.chtmlStylesheet());
    process.stdout.write(JSON.stringify({ html, style }));
  })
  .catch((error) => {
    console.error(String(error));
    process.exit(1);
  });
