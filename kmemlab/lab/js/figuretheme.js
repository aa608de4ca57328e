// @ts-check
// The page's theme under a Plotly figure. What Python set stays; where it set nothing, the lab's own tokens
// apply.

const PLOT_FONT_SIZE = 13;

/** Template for a figure that has none: no grid, no legend, the lab's type and canvas. */
function labTemplate(palette) {
  const axis = {
    linecolor: palette.line2,
    tickcolor: palette.line2,
    zeroline: false,
    showgrid: false,
    automargin: true,
  };
  const font = { family: palette.font, color: palette.ink };
  return {
    // Not a transparent paper: plotly takes rgba(0,0,0,0) for dark and draws Sankey links white on white.
    paper_bgcolor: palette.canvas,
    plot_bgcolor: palette.canvas,
    font: { ...font, size: PLOT_FONT_SIZE },
    colorway: palette.hues.map((hue) => hue.solid),
    xaxis: axis,
    yaxis: axis,
    hovermode: "closest",
    hoverlabel: { bgcolor: palette.raise, bordercolor: palette.line2, font },
    margin: { l: 8, r: 8, t: 28, b: 8 },
  };
}

/**
 * A copy of the figure for plotly, which writes into what it is given: it never gets the frame itself.
 * A string like `var(--kl-h2)` becomes the token's colour, and Inter the font that the lab brings along.
 */
export function themedFigure(figure, view, width, height) {
  const style = getComputedStyle(view.root);
  const copy = (value, key) => {
    if (typeof value === "string") {
      if (key === "family" && value.startsWith("Inter")) return view.palette.font;
      const token = /^var\((--kl-[\w-]+)\)$/.exec(value);
      return token ? style.getPropertyValue(token[1]).trim() : value;
    }
    if (Array.isArray(value)) return value.map((item) => copy(item));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copy(inner, name)]));
  };
  const layout = copy(figure.layout ?? {});
  const template = layout.template?.layout ? layout.template : { layout: labTemplate(view.palette) };
  return {
    data: copy(figure.data ?? []),
    layout: { uirevision: "keep", showlegend: false, ...layout, width, height, autosize: false, template },
  };
}
