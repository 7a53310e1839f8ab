import '../../zkp_nb/notebook/card.css';
import '../../zkp_nb/notebook/static/panel.css';
import './base.css';
